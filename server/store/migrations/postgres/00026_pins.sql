-- +goose Up
-- The message that is pinned in a room, as JSON (chat.Pin), without its text; ''
-- if none is.
ALTER TABLE rooms_rules ADD COLUMN pinned TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms_rules DROP COLUMN pinned;
