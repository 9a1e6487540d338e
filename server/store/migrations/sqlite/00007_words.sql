-- The servers extract the words, as on PostgreSQL: see words.go. The index
-- contains the words and not the texts, and compares bytes.

-- +goose Up
DROP TRIGGER messages_added;
DROP TRIGGER messages_deleted;
DROP TABLE messages_words;
DROP TRIGGER room_messages_added;
DROP TRIGGER room_messages_deleted;
DROP TABLE room_messages_words;

CREATE VIRTUAL TABLE messages_words USING fts5 (words, content='', contentless_delete=1, tokenize='ascii');
-- +goose StatementBegin
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    DELETE FROM messages_words WHERE rowid = old.rid;
END;
-- +goose StatementEnd
CREATE VIRTUAL TABLE room_messages_words USING fts5 (words, content='', contentless_delete=1, tokenize='ascii');
-- +goose StatementBegin
CREATE TRIGGER room_messages_added AFTER INSERT ON room_messages BEGIN
    INSERT INTO room_messages_words (rowid, words) VALUES (new.rid, livechat_words(new.text));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER room_messages_deleted AFTER DELETE ON room_messages BEGIN
    DELETE FROM room_messages_words WHERE rowid = old.rid;
END;
-- +goose StatementEnd

-- A running server indexes the rows that existed before, from the lowest to
-- upto, in batches.
CREATE TABLE unindexed (
    source TEXT PRIMARY KEY NOT NULL, -- the table
    upto   INTEGER NOT NULL
) STRICT;
INSERT INTO unindexed (source, upto) SELECT 'messages', max(rid) FROM messages HAVING max(rid) IS NOT NULL;
INSERT INTO unindexed (source, upto) SELECT 'room_messages', max(rid) FROM room_messages HAVING max(rid) IS NOT NULL;

-- +goose Down
DROP TABLE unindexed;
DROP TRIGGER messages_added;
DROP TRIGGER messages_deleted;
DROP TABLE messages_words;
DROP TRIGGER room_messages_added;
DROP TRIGGER room_messages_deleted;
DROP TABLE room_messages_words;
CREATE VIRTUAL TABLE messages_words USING fts5 (text, content='messages', content_rowid='rid', tokenize='unicode61 remove_diacritics 0');
INSERT INTO messages_words (messages_words) VALUES ('rebuild');
-- +goose StatementBegin
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO messages_words (rowid, text) VALUES (new.rid, new.text);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.rid, old.text);
END;
-- +goose StatementEnd
CREATE VIRTUAL TABLE room_messages_words USING fts5 (text, content='room_messages', content_rowid='rid', tokenize='unicode61 remove_diacritics 0');
INSERT INTO room_messages_words (room_messages_words) VALUES ('rebuild');
-- +goose StatementBegin
CREATE TRIGGER room_messages_added AFTER INSERT ON room_messages BEGIN
    INSERT INTO room_messages_words (rowid, text) VALUES (new.rid, new.text);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER room_messages_deleted AFTER DELETE ON room_messages BEGIN
    INSERT INTO room_messages_words (room_messages_words, rowid, text) VALUES ('delete', old.rid, old.text);
END;
-- +goose StatementEnd
