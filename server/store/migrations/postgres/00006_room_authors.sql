-- +goose Up
-- The author of a message, the same over all connections; empty if unknown.
-- Ids are unique per author.
ALTER TABLE room_messages ADD COLUMN author TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE room_messages DROP COLUMN author;
