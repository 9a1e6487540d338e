-- The tables of PostgreSQL migration 00021, which documents them.

-- +goose Up
CREATE TABLE rooms_rules (
    room       TEXT PRIMARY KEY,
    slow_ms    INTEGER NOT NULL,
    registered INTEGER NOT NULL,
    paused     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    applied    INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_rules_unapplied ON rooms_rules (room) WHERE applied < version;

CREATE TABLE bans (
    room         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject      TEXT NOT NULL,
    name         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    ends         INTEGER NOT NULL,
    PRIMARY KEY (room, kind, subject_kind, subject)
) STRICT;
CREATE INDEX bans_by_end ON bans (ends) WHERE ends > 0;
CREATE INDEX bans_by_subject ON bans (subject_kind, subject);

-- +goose Down
DROP TABLE bans;
DROP TABLE rooms_rules;
