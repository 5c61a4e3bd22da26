-- Removal cases: one row each, its steps in the sealed document.
CREATE TABLE cases (
    area       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    household  TEXT    NOT NULL,
    village    TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    open       INTEGER NOT NULL,
    waiting    TEXT    NOT NULL,
    since      TEXT    NOT NULL,
    until      TEXT    NOT NULL,
    opened_on  TEXT    NOT NULL,
    decision   TEXT    NOT NULL,
    overridden INTEGER NOT NULL,
    flagged    INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    document   BLOB,
    PRIMARY KEY (area, id)
) STRICT;

-- A household has at most one case that has not ended.
CREATE UNIQUE INDEX cases_open ON cases (area, household) WHERE open = 1;
CREATE INDEX cases_household ON cases (area, household);
CREATE INDEX cases_since ON cases (area, since, id);
CREATE INDEX cases_id ON cases (id);

CREATE TABLE procedures (
    area      TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    from_date TEXT    NOT NULL,
    document  BLOB,
    PRIMARY KEY (area, version)
) STRICT, WITHOUT ROWID;
