-- The table of PostgreSQL migration 00005, which documents the columns.

-- +goose Up
CREATE TABLE room_epochs (
    room  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (room, epoch)
) STRICT;

-- +goose Down
DROP TABLE room_epochs;
