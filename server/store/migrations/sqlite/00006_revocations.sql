-- The table of the PostgreSQL migration 00007; see there for what it means.

-- +goose Up
CREATE TABLE revocations (
    user_id INTEGER PRIMARY KEY,
    n       INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE revocations;
