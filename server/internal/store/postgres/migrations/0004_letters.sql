-- +goose Up

-- Official letters: one row each, their items and steps in the sealed document.
CREATE TABLE letters (
    area       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    department text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    waiting    text COLLATE "C" NOT NULL,
    since      text COLLATE "C" NOT NULL,
    opened_on  text COLLATE "C" NOT NULL,
    issued_on  text COLLATE "C" NOT NULL,
    number     text COLLATE "C" NOT NULL,
    time       timestamptz NOT NULL,
    document   bytea,
    PRIMARY KEY (area, id)
);

-- A number names one letter, in whatever area.
CREATE UNIQUE INDEX letters_number ON letters (number) WHERE number <> '';
CREATE INDEX letters_since ON letters (area, since, id);
CREATE INDEX letters_id ON letters (id);

-- What is sealed cannot be compressed; do not try.
ALTER TABLE letters ALTER COLUMN document SET STORAGE EXTERNAL;

CREATE TABLE letter_subjects (
    area      text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    letter    text COLLATE "C" NOT NULL,
    PRIMARY KEY (area, subject, letter)
);

CREATE INDEX letter_subjects_letter ON letter_subjects (area, letter, subject);

CREATE TABLE letter_recipients (
    area   text COLLATE "C" NOT NULL,
    letter text COLLATE "C" NOT NULL,
    agency text COLLATE "C" NOT NULL,
    open   boolean NOT NULL,
    PRIMARY KEY (area, letter, agency)
);

-- An agency asks for what is open for it in all areas.
CREATE INDEX letter_recipients_agency ON letter_recipients (agency, open, area, letter);

-- The last number taken of each counter. They are the hub's, not an area's.
CREATE TABLE counters (
    name text COLLATE "C" PRIMARY KEY,
    last bigint NOT NULL
) WITH (fillfactor = 70);

-- What entries of the audit told of deliveries, one row an area; the sequence is the
-- entry's. Lists are joined by commas.
CREATE TABLE deliveries (
    area     text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    of       text COLLATE "C" NOT NULL,
    lists    text COLLATE "C" NOT NULL,
    from_txn bigint NOT NULL,
    to_txn   bigint NOT NULL,
    load     boolean NOT NULL,
    agency   text COLLATE "C" NOT NULL,
    client   text COLLATE "C" NOT NULL,
    time     timestamptz NOT NULL,
    PRIMARY KEY (area, sequence)
);

CREATE INDEX deliveries_time ON deliveries (area, time);

-- Whether an intent has an outcome is asked by its id. What a reading has handed out so far
-- is none, and most entries below an intent are that.
CREATE INDEX audit_outcome ON audit (of COLLATE "C") WHERE of <> '' AND outcome <> 'SENT';
