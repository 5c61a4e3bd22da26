-- +goose Up

-- Removal cases: one row each, its steps in the sealed document.
CREATE TABLE cases (
    area       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    household  text COLLATE "C" NOT NULL,
    village    text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    state      text COLLATE "C" NOT NULL,
    open       boolean NOT NULL,
    waiting    text COLLATE "C" NOT NULL,
    since      text COLLATE "C" NOT NULL,
    until      text COLLATE "C" NOT NULL,
    opened_on  text COLLATE "C" NOT NULL,
    decision   text COLLATE "C" NOT NULL,
    overridden boolean NOT NULL,
    flagged    boolean NOT NULL,
    time       timestamptz NOT NULL,
    document   bytea,
    PRIMARY KEY (area, id)
);

-- A household has at most one case that has not ended.
CREATE UNIQUE INDEX cases_open ON cases (area, household) WHERE open;
CREATE INDEX cases_household ON cases (area, household);
CREATE INDEX cases_since ON cases (area, since, id);
CREATE INDEX cases_id ON cases (id);

-- What is sealed cannot be compressed; do not try.
ALTER TABLE cases ALTER COLUMN document SET STORAGE EXTERNAL;

CREATE TABLE procedures (
    area      text COLLATE "C" NOT NULL,
    version   bigint NOT NULL,
    from_date text COLLATE "C" NOT NULL,
    document  bytea,
    PRIMARY KEY (area, version)
);
