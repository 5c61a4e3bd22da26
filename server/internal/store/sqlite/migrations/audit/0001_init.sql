-- Times are microseconds since 1970 in UTC. The sequence is the order of writing.

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL,
    time     INTEGER NOT NULL,
    of       TEXT    NOT NULL,
    agency   TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    outcome  TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_time ON audit (time);
