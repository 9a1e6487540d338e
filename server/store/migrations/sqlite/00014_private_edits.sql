-- The columns and the table of PostgreSQL migration 00015, which documents
-- them. deleted is 0 or 1.

-- +goose Up
ALTER TABLE messages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE message_edits (
    id     TEXT PRIMARY KEY NOT NULL,
    chat   TEXT NOT NULL,
    n      INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE INDEX message_edits_by_message ON message_edits (chat, n);
-- A row that is not indexed yet is indexed with its new text.
-- +goose StatementBegin
CREATE TRIGGER messages_edited AFTER UPDATE OF text ON messages
WHEN EXISTS (SELECT 1 FROM messages_words WHERE rowid = new.rid) BEGIN
    DELETE FROM messages_words WHERE rowid = old.rid;
    INSERT INTO messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER messages_edited;
DROP TABLE message_edits;
ALTER TABLE messages DROP COLUMN edited;
ALTER TABLE messages DROP COLUMN deleted;
