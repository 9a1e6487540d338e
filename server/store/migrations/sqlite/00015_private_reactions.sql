-- The table and the column of PostgreSQL migration 00016, which documents them.

-- +goose Up
CREATE TABLE message_reactions (
    chat    TEXT NOT NULL,
    n       INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    emoji   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (chat, n, user_id, emoji)
) STRICT, WITHOUT ROWID;
ALTER TABLE messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';

-- +goose Down
DROP TABLE message_reactions;
ALTER TABLE messages DROP COLUMN reactions;
