-- Times are microseconds since 1970 in UTC. Documents and bytes are sealed.

CREATE TABLE meta (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    epoch      TEXT    NOT NULL,
    catalogue  TEXT    NOT NULL,
    derivation INTEGER NOT NULL
) STRICT;

CREATE TABLE heads (
    area        TEXT    NOT NULL PRIMARY KEY,
    last        INTEGER NOT NULL,
    oldest_kept INTEGER NOT NULL,
    derived_for TEXT    NOT NULL,
    catalogue   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE households (
    area           TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    revision       INTEGER NOT NULL,
    etag           TEXT    NOT NULL,
    village        TEXT    NOT NULL,
    poverty_status TEXT    NOT NULL,
    support_status TEXT    NOT NULL,
    actor          TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    time           INTEGER NOT NULL,
    gone           INTEGER NOT NULL,
    document       BLOB,
    PRIMARY KEY (area, id)
) STRICT;

CREATE INDEX households_village ON households (area, village, id);

CREATE TABLE household_revisions (
    area           TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    revision       INTEGER NOT NULL,
    etag           TEXT    NOT NULL,
    village        TEXT    NOT NULL,
    poverty_status TEXT    NOT NULL,
    support_status TEXT    NOT NULL,
    actor          TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    time           INTEGER NOT NULL,
    gone           INTEGER NOT NULL,
    document       BLOB,
    PRIMARY KEY (area, id, revision)
) STRICT;

CREATE TABLE aliases (
    kind      TEXT NOT NULL,
    hash      BLOB NOT NULL,
    area      TEXT NOT NULL,
    household TEXT NOT NULL,
    person    TEXT NOT NULL,
    PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE names (
    area      TEXT NOT NULL,
    hash      BLOB NOT NULL,
    household TEXT NOT NULL,
    person    TEXT NOT NULL,
    PRIMARY KEY (area, hash, household, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX names_hash ON names (hash, household, person);

CREATE TABLE records (
    area      TEXT    NOT NULL,
    list      TEXT    NOT NULL,
    village   TEXT    NOT NULL,
    household TEXT    NOT NULL,
    person    TEXT    NOT NULL,
    txn       INTEGER NOT NULL,
    hash      BLOB    NOT NULL,
    document  BLOB,
    PRIMARY KEY (area, list, village, household, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX records_household ON records (area, household);

CREATE TABLE changes (
    area         TEXT    NOT NULL,
    txn          INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    cause        TEXT    NOT NULL,
    op           TEXT    NOT NULL,
    list         TEXT    NOT NULL,
    village      TEXT    NOT NULL,
    household    TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    from_village TEXT    NOT NULL,
    document     BLOB,
    PRIMARY KEY (area, txn, ordinal)
) STRICT, WITHOUT ROWID;

-- A block's bytes stand in a table of their own, so that a transaction that only moves
-- its count and digest does not rewrite them, and so that saving them waits for nobody.
CREATE TABLE blocks (
    area    TEXT    NOT NULL,
    list    TEXT    NOT NULL,
    village TEXT    NOT NULL,
    txn     INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    digest  BLOB    NOT NULL,
    PRIMARY KEY (area, list, village)
) STRICT, WITHOUT ROWID;

CREATE TABLE block_bytes (
    area    TEXT    NOT NULL,
    list    TEXT    NOT NULL,
    village TEXT    NOT NULL,
    built   INTEGER NOT NULL,
    bytes   BLOB,
    PRIMARY KEY (area, list, village)
) STRICT;

CREATE TABLE requests (
    agency      TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    fingerprint BLOB,
    outcome     BLOB,
    time        INTEGER NOT NULL,
    PRIMARY KEY (agency, id)
) STRICT;

CREATE INDEX requests_time ON requests (time);

CREATE TABLE catalogues (
    version      TEXT    NOT NULL PRIMARY KEY,
    text         BLOB,
    state        TEXT    NOT NULL,
    submitted_by TEXT    NOT NULL,
    submitted_at INTEGER NOT NULL,
    preview      BLOB,
    activated_by TEXT    NOT NULL,
    activated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agreements (
    id         TEXT NOT NULL PRIMARY KEY,
    agency     TEXT NOT NULL,
    from_date  TEXT NOT NULL,
    until_date TEXT NOT NULL,
    document   BLOB
) STRICT;

CREATE INDEX agreements_agency ON agreements (agency, id);

CREATE TABLE subscriptions (
    agency   TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    document BLOB,
    time     INTEGER NOT NULL,
    PRIMARY KEY (agency, name)
) STRICT;

CREATE TABLE intents (
    id       TEXT    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL,
    area     TEXT    NOT NULL,
    document BLOB,
    time     INTEGER NOT NULL
) STRICT;

CREATE INDEX intents_kind ON intents (kind, id);
