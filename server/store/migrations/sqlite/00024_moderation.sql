-- The tables of PostgreSQL migration 00025, which documents them.

-- +goose Up
CREATE TABLE reports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    room          TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    target        TEXT NOT NULL,
    author        TEXT NOT NULL,
    session       TEXT NOT NULL,
    name          TEXT NOT NULL,
    text          TEXT NOT NULL,
    reporter      TEXT NOT NULL,
    reporter_name TEXT NOT NULL,
    reason        TEXT NOT NULL,
    at            INTEGER NOT NULL,
    closed        INTEGER NOT NULL DEFAULT 0,
    closed_by     TEXT NOT NULL DEFAULT '',
    outcome       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX reports_once ON reports (room, target, author, session, reporter) WHERE closed = 0;
CREATE INDEX reports_open ON reports (room, id) WHERE closed = 0;
CREATE INDEX reports_by_room ON reports (room, id);
CREATE INDEX reports_by_end ON reports (closed, at);

CREATE TABLE room_deletes (
    id      TEXT PRIMARY KEY,
    room    TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    target  TEXT NOT NULL,
    author  TEXT NOT NULL,
    session TEXT NOT NULL,
    name    TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX room_deletes_by_time ON room_deletes (at);

-- +goose Down
DROP TABLE room_deletes;
DROP TABLE reports;
