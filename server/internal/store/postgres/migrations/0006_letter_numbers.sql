-- +goose Up

-- Which letter a number names, in whatever area: offices of several areas may number under
-- one sign. It is a table of its own, led by the number, since a unique index of letters
-- would have to begin with the area where they are sharded by it.
CREATE TABLE letter_numbers (
    number text COLLATE "C" PRIMARY KEY,
    area   text COLLATE "C" NOT NULL,
    letter text COLLATE "C" NOT NULL
);

INSERT INTO letter_numbers (number, area, letter) SELECT number, area, id FROM letters WHERE number <> '';

DROP INDEX letters_number;
