-- The column of PostgreSQL migration 00006, which documents it.

-- +goose Up
ALTER TABLE room_messages ADD COLUMN author TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE room_messages DROP COLUMN author;
