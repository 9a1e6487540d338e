-- +goose Up
-- Entries of other types than message have a row as well: all numbers of a log
-- are in the archive. type is empty for a message. extra has the members that
-- have no column, as they are in JSON.
ALTER TABLE room_messages
    ADD COLUMN type TEXT NOT NULL DEFAULT '',
    ADD COLUMN extra TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_others ON room_messages (room, seq) WHERE type <> '';

-- +goose Down
DROP INDEX room_messages_others;
DELETE FROM room_messages WHERE type <> '';
ALTER TABLE room_messages DROP COLUMN type, DROP COLUMN extra;
