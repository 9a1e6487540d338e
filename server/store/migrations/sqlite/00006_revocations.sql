-- The table of PostgreSQL migration 00007, which documents it.

-- +goose Up
CREATE TABLE revocations (
    user_id INTEGER PRIMARY KEY,
    n       INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE revocations;
