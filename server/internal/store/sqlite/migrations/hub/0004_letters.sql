-- Official letters: one row each, their items and steps in the sealed document.
CREATE TABLE letters (
    area       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    department TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    waiting    TEXT    NOT NULL,
    since      TEXT    NOT NULL,
    opened_on  TEXT    NOT NULL,
    issued_on  TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    time       INTEGER NOT NULL,
    document   BLOB,
    PRIMARY KEY (area, id)
) STRICT;

-- A number names one letter, in whatever area.
CREATE UNIQUE INDEX letters_number ON letters (number) WHERE number <> '';
CREATE INDEX letters_since ON letters (area, since, id);
CREATE INDEX letters_id ON letters (id);

CREATE TABLE letter_subjects (
    area      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    letter    TEXT NOT NULL,
    PRIMARY KEY (area, subject, letter)
) STRICT, WITHOUT ROWID;

CREATE INDEX letter_subjects_letter ON letter_subjects (area, letter, subject);

CREATE TABLE letter_recipients (
    area   TEXT    NOT NULL,
    letter TEXT    NOT NULL,
    agency TEXT    NOT NULL,
    open   INTEGER NOT NULL,
    PRIMARY KEY (area, letter, agency)
) STRICT, WITHOUT ROWID;

-- An agency asks for what is open for it in all areas.
CREATE INDEX letter_recipients_agency ON letter_recipients (agency, open, area, letter);

-- The last number taken of each counter. They are the hub's, not an area's.
CREATE TABLE counters (
    name TEXT    NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
