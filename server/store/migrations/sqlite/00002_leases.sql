-- The tables of the PostgreSQL migration of the same number, which documents
-- the columns.

-- +goose Up
CREATE TABLE leases (
    name   TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    ends   INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE leases;
