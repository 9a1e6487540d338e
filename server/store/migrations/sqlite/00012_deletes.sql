-- The column of PostgreSQL migration 00013, which documents it: 0 or 1.

-- +goose Up
ALTER TABLE room_messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE room_messages DROP COLUMN deleted;
