-- +goose Up
-- The text of a message is the one of its newest edit: edited is when that was
-- made, in Unix milliseconds, and edit_seq its number; 0 if there is none.
-- target is the id of the message that an edit is about.
ALTER TABLE room_messages
    ADD COLUMN edited BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN edit_seq BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN target TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_by_target ON room_messages (room, target) WHERE target <> '';

-- +goose Down
DROP INDEX room_messages_by_target;
ALTER TABLE room_messages DROP COLUMN edited, DROP COLUMN edit_seq, DROP COLUMN target;
