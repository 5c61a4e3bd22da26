-- What entries told of deliveries, one row an area; the sequence is the entry's. Lists are
-- joined by commas.
CREATE TABLE deliveries (
    area     TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    of       TEXT    NOT NULL,
    lists    TEXT    NOT NULL,
    from_txn INTEGER NOT NULL,
    to_txn   INTEGER NOT NULL,
    load     INTEGER NOT NULL,
    agency   TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    time     INTEGER NOT NULL,
    PRIMARY KEY (area, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_time ON deliveries (area, time);

-- Whether an intent has an outcome is asked by its id. What a reading has handed out so far
-- is none, and most entries below an intent are that.
CREATE INDEX audit_outcome ON audit (of) WHERE of <> '' AND outcome <> 'SENT';
