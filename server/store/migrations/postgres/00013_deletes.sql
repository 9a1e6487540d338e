-- +goose Up
-- A message that its author has deleted has no text and no members, nor have
-- its edits, but keeps its row: the number stays taken. target is also set for
-- deletes, and for messages that answer another one: they quote it.
ALTER TABLE room_messages ADD COLUMN deleted BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE room_messages DROP COLUMN deleted;
