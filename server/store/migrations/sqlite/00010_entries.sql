-- The columns of PostgreSQL migration 00011, which documents them.

-- +goose Up
ALTER TABLE room_messages ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE room_messages ADD COLUMN extra TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_others ON room_messages (room, seq) WHERE type <> '';
DROP TRIGGER room_messages_added;
-- +goose StatementBegin
CREATE TRIGGER room_messages_added AFTER INSERT ON room_messages WHEN new.type = '' BEGIN
    INSERT INTO room_messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER room_messages_added;
DROP INDEX room_messages_others;
DELETE FROM room_messages WHERE type <> '';
ALTER TABLE room_messages DROP COLUMN type;
ALTER TABLE room_messages DROP COLUMN extra;
-- +goose StatementBegin
CREATE TRIGGER room_messages_added AFTER INSERT ON room_messages BEGIN
    INSERT INTO room_messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd
