-- The columns of PostgreSQL migration 00012, which documents them.

-- +goose Up
ALTER TABLE room_messages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room_messages ADD COLUMN edit_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room_messages ADD COLUMN target TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_by_target ON room_messages (room, target) WHERE target <> '';
-- A row that is not indexed yet is indexed with its new text.
-- +goose StatementBegin
CREATE TRIGGER room_messages_edited AFTER UPDATE OF text ON room_messages
WHEN new.type = '' AND EXISTS (SELECT 1 FROM room_messages_words WHERE rowid = new.rid) BEGIN
    DELETE FROM room_messages_words WHERE rowid = old.rid;
    INSERT INTO room_messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER room_messages_edited;
DROP INDEX room_messages_by_target;
ALTER TABLE room_messages DROP COLUMN edited;
ALTER TABLE room_messages DROP COLUMN edit_seq;
ALTER TABLE room_messages DROP COLUMN target;
