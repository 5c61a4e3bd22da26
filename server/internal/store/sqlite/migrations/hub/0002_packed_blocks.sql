-- Blocks are packed before they are sealed. Those of the old form are built again when
-- they are next wanted.
DELETE FROM block_bytes;
