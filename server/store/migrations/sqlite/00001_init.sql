-- The tables of the PostgreSQL migration of the same number, which documents
-- the columns.

-- +goose Up
CREATE TABLE users (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: ids are never reused
    name     TEXT UNIQUE,
    skeleton TEXT NOT NULL UNIQUE,
    hash     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    deleted  INTEGER
) STRICT;

CREATE TABLE sessions (
    token   BLOB PRIMARY KEY NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE chats (
    id      TEXT PRIMARY KEY NOT NULL,
    a       INTEGER NOT NULL REFERENCES users (id),
    b       INTEGER NOT NULL REFERENCES users (id),
    created INTEGER NOT NULL,
    last_n  INTEGER NOT NULL DEFAULT 0,
    CHECK (a < b),
    UNIQUE (a, b)
) STRICT;

CREATE TABLE members (
    chat    TEXT NOT NULL REFERENCES chats (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    other   INTEGER NOT NULL REFERENCES users (id),
    read_n  INTEGER NOT NULL DEFAULT 0,
    unread  INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL,
    PRIMARY KEY (chat, user_id)
) STRICT;
CREATE INDEX members_by_activity ON members (user_id, updated DESC, chat DESC);

-- rid ties a row to the words table: an implicit rowid could change with VACUUM.
CREATE TABLE messages (
    rid    INTEGER PRIMARY KEY,
    chat   TEXT NOT NULL REFERENCES chats (id),
    n      INTEGER NOT NULL,
    id     TEXT NOT NULL UNIQUE,
    author INTEGER NOT NULL REFERENCES users (id),
    text   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    UNIQUE (chat, n)
) STRICT;

CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind    TEXT NOT NULL,
    chat    TEXT NOT NULL REFERENCES chats (id),
    n       INTEGER NOT NULL,
    author  INTEGER NOT NULL REFERENCES users (id),
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE room_messages (
    rid     INTEGER PRIMARY KEY,
    room    TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    id      TEXT NOT NULL,
    app     TEXT NOT NULL,
    session TEXT NOT NULL,
    name    TEXT NOT NULL,
    text    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (room, epoch, seq)
) STRICT;

-- Diacritics are kept, as on PostgreSQL: a query finds the same on both.
CREATE VIRTUAL TABLE messages_words USING fts5 (text, content='messages', content_rowid='rid', tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE room_messages_words USING fts5 (text, content='room_messages', content_rowid='rid', tokenize='unicode61 remove_diacritics 0');

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

-- +goose Down
DROP TABLE room_messages_words;
DROP TABLE messages_words;
DROP TABLE room_messages;
DROP TABLE outbox;
DROP TABLE messages;
DROP TABLE members;
DROP TABLE chats;
DROP TABLE sessions;
DROP TABLE users;
