-- How the hub's tables are spread over a Citus cluster: by area, which leads their keys.
-- Run it once, by psql on the coordinator, after `hubd migrate` and before anything is
-- loaded. Every unique index of a distributed table has the column by which it is
-- distributed; the tests hold this file to that.

-- An area's tables lie together: one transaction of an area is one of one node.
SELECT create_distributed_table('heads', 'area', colocate_with => 'none');
SELECT create_distributed_table('households', 'area', colocate_with => 'heads');
SELECT create_distributed_table('household_revisions', 'area', colocate_with => 'heads');
SELECT create_distributed_table('names', 'area', colocate_with => 'heads');
SELECT create_distributed_table('records', 'area', colocate_with => 'heads');
SELECT create_distributed_table('changes', 'area', colocate_with => 'heads');
SELECT create_distributed_table('blocks', 'area', colocate_with => 'heads');
SELECT create_distributed_table('block_bytes', 'area', colocate_with => 'heads');
SELECT create_distributed_table('cases', 'area', colocate_with => 'heads');
SELECT create_distributed_table('procedures', 'area', colocate_with => 'heads');
SELECT create_distributed_table('letters', 'area', colocate_with => 'heads');
SELECT create_distributed_table('letter_subjects', 'area', colocate_with => 'heads');
SELECT create_distributed_table('letter_recipients', 'area', colocate_with => 'heads');

-- What is unique in all areas, and what belongs to none.
SELECT create_distributed_table('aliases', 'hash', colocate_with => 'none');
SELECT create_distributed_table('letter_numbers', 'number', colocate_with => 'none');
SELECT create_distributed_table('counters', 'name', colocate_with => 'none');
SELECT create_distributed_table('requests', 'id', colocate_with => 'none');
SELECT create_distributed_table('intents', 'id', colocate_with => 'none');
SELECT create_distributed_table('subscriptions', 'agency', colocate_with => 'none');

-- Small, and read with everything: each node has them whole.
SELECT create_reference_table('meta');
SELECT create_reference_table('catalogues');
SELECT create_reference_table('agreements');

-- These stay on the coordinator, whose sequence is the order of the audit: audit, deliveries, hub_schema.
