-- +goose Up

-- The area leads every key of what grows with the areas, but for the aliases', whose hashes
-- are unique everywhere. There are no foreign keys and no serial numbers among these tables,
-- so that they can be sharded by area. Texts are ordered by their bytes, as in Go.
-- Documents and bytes are sealed.

CREATE TABLE meta (
    id         integer PRIMARY KEY CHECK (id = 1),
    epoch      text COLLATE "C" NOT NULL,
    catalogue  text COLLATE "C" NOT NULL,
    derivation bigint NOT NULL
);

CREATE TABLE heads (
    area        text COLLATE "C" PRIMARY KEY,
    last        bigint NOT NULL,
    oldest_kept bigint NOT NULL,
    derived_for text COLLATE "C" NOT NULL,
    catalogue   text COLLATE "C" NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE households (
    area           text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    revision       bigint NOT NULL,
    etag           text COLLATE "C" NOT NULL,
    village        text COLLATE "C" NOT NULL,
    poverty_status text COLLATE "C" NOT NULL,
    support_status text COLLATE "C" NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    cause          text COLLATE "C" NOT NULL,
    time           timestamptz NOT NULL,
    gone           boolean NOT NULL,
    document       bytea,
    PRIMARY KEY (area, id)
);

CREATE INDEX households_village ON households (area, village, id);

CREATE TABLE household_revisions (
    area           text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    revision       bigint NOT NULL,
    etag           text COLLATE "C" NOT NULL,
    village        text COLLATE "C" NOT NULL,
    poverty_status text COLLATE "C" NOT NULL,
    support_status text COLLATE "C" NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    cause          text COLLATE "C" NOT NULL,
    time           timestamptz NOT NULL,
    gone           boolean NOT NULL,
    document       bytea,
    PRIMARY KEY (area, id, revision)
);

CREATE TABLE aliases (
    kind      text COLLATE "C" NOT NULL,
    hash      bytea NOT NULL,
    area      text COLLATE "C" NOT NULL,
    household text COLLATE "C" NOT NULL,
    person    text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, hash)
);

CREATE TABLE names (
    area      text COLLATE "C" NOT NULL,
    hash      bytea NOT NULL,
    household text COLLATE "C" NOT NULL,
    person    text COLLATE "C" NOT NULL,
    PRIMARY KEY (area, hash, household, person)
);

CREATE INDEX names_hash ON names (hash, household, person);

CREATE TABLE records (
    area      text COLLATE "C" NOT NULL,
    list      text COLLATE "C" NOT NULL,
    village   text COLLATE "C" NOT NULL,
    household text COLLATE "C" NOT NULL,
    person    text COLLATE "C" NOT NULL,
    txn       bigint NOT NULL,
    hash      bytea NOT NULL,
    document  bytea,
    PRIMARY KEY (area, list, village, household, person)
);

CREATE INDEX records_household ON records (area, household);

CREATE TABLE changes (
    area         text COLLATE "C" NOT NULL,
    txn          bigint NOT NULL,
    ordinal      integer NOT NULL,
    time         timestamptz NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    op           text COLLATE "C" NOT NULL,
    list         text COLLATE "C" NOT NULL,
    village      text COLLATE "C" NOT NULL,
    household    text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    from_village text COLLATE "C" NOT NULL,
    document     bytea,
    PRIMARY KEY (area, txn, ordinal)
);

-- A block's bytes stand in a table of their own, so that a transaction that only moves
-- its count and digest does not rewrite them, and so that saving them waits for nobody.
CREATE TABLE blocks (
    area    text COLLATE "C" NOT NULL,
    list    text COLLATE "C" NOT NULL,
    village text COLLATE "C" NOT NULL,
    txn     bigint NOT NULL,
    count   bigint NOT NULL,
    digest  bytea NOT NULL,
    PRIMARY KEY (area, list, village)
) WITH (fillfactor = 70);

CREATE TABLE block_bytes (
    area    text COLLATE "C" NOT NULL,
    list    text COLLATE "C" NOT NULL,
    village text COLLATE "C" NOT NULL,
    built   bigint NOT NULL,
    bytes   bytea,
    PRIMARY KEY (area, list, village)
);

CREATE TABLE requests (
    agency      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    fingerprint bytea,
    outcome     bytea,
    time        timestamptz NOT NULL,
    PRIMARY KEY (agency, id)
);

CREATE INDEX requests_time ON requests (time);

CREATE TABLE catalogues (
    version      text COLLATE "C" NOT NULL PRIMARY KEY,
    text         bytea,
    state        text COLLATE "C" NOT NULL,
    submitted_by text COLLATE "C" NOT NULL,
    submitted_at timestamptz NOT NULL,
    preview      bytea,
    activated_by text COLLATE "C" NOT NULL,
    activated_at timestamptz NOT NULL
);

CREATE TABLE agreements (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    agency     text COLLATE "C" NOT NULL,
    from_date  text COLLATE "C" NOT NULL,
    until_date text COLLATE "C" NOT NULL,
    document   bytea
);

CREATE INDEX agreements_agency ON agreements (agency, id);

CREATE TABLE subscriptions (
    agency   text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    document bytea,
    time     timestamptz NOT NULL,
    PRIMARY KEY (agency, name)
);

CREATE TABLE intents (
    id       text COLLATE "C" NOT NULL PRIMARY KEY,
    kind     text COLLATE "C" NOT NULL,
    area     text COLLATE "C" NOT NULL,
    document bytea,
    time     timestamptz NOT NULL
);

CREATE INDEX intents_kind ON intents (kind, id);

-- What is sealed cannot be compressed; do not try.
ALTER TABLE households ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE household_revisions ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE block_bytes ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The sequence is the order of writing. It stays on one server.
CREATE TABLE audit (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text COLLATE "C" NOT NULL,
    time     timestamptz NOT NULL,
    of       text NOT NULL,
    agency   text NOT NULL,
    client   text NOT NULL,
    person   text NOT NULL,
    action   text NOT NULL,
    detail   text NOT NULL,
    outcome  text NOT NULL
);

CREATE INDEX audit_time ON audit (time);
