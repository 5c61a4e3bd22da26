-- Which letter a number names, in whatever area: offices of several areas may number under
-- one sign. As on PostgreSQL, where letters may be sharded by area.
CREATE TABLE letter_numbers (
    number TEXT NOT NULL PRIMARY KEY,
    area   TEXT NOT NULL,
    letter TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO letter_numbers (number, area, letter) SELECT number, area, id FROM letters WHERE number <> '';

DROP INDEX letters_number;
