-- The tables of the PostgreSQL migration 00005; see there for what the columns mean.

-- +goose Up
CREATE TABLE room_epochs (
    room  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (room, epoch)
) STRICT;

-- +goose Down
DROP TABLE room_epochs;
