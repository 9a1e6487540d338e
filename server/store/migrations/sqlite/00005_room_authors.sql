-- The column of the PostgreSQL migration 00006; see there for what it means.

-- +goose Up
ALTER TABLE room_messages ADD COLUMN author TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE room_messages DROP COLUMN author;
