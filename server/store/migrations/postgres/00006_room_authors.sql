-- +goose Up
-- Who sent a message, over all connections; empty if nobody knows. An id belongs to its author.
ALTER TABLE room_messages ADD COLUMN author TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE room_messages DROP COLUMN author;
