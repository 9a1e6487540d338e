-- The column and the table of PostgreSQL migration 00020, which documents them.

-- +goose Up
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT '';
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    actor       INTEGER NOT NULL,
    actor_name  TEXT NOT NULL,
    action      TEXT NOT NULL,
    room        TEXT NOT NULL DEFAULT '',
    target_kind TEXT NOT NULL DEFAULT '',
    target_id   TEXT NOT NULL DEFAULT '',
    target_name TEXT NOT NULL DEFAULT '',
    reason      TEXT NOT NULL DEFAULT '',
    details     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX audit_by_time ON audit (at, id);

-- +goose Down
DROP TABLE audit;
ALTER TABLE users DROP COLUMN role;
