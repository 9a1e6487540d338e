-- +goose Up
-- The blocked words of a room, as a JSON array of patterns; '' if there are none.
ALTER TABLE rooms_rules ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms_rules DROP COLUMN words;
