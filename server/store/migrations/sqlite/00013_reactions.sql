-- The table and the columns of PostgreSQL migration 00014, which documents them.

-- +goose Up
CREATE TABLE room_reactions (
    room   TEXT NOT NULL,
    target TEXT NOT NULL,
    person TEXT NOT NULL,
    emoji  TEXT NOT NULL,
    author TEXT NOT NULL,
    name   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    is_on  INTEGER NOT NULL, -- 0 or 1
    PRIMARY KEY (room, target, person, emoji)
) STRICT, WITHOUT ROWID;
ALTER TABLE room_messages ADD COLUMN reacted TEXT NOT NULL DEFAULT '';
ALTER TABLE room_messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_by_reacted ON room_messages (room, reacted, seq) WHERE reacted <> '';

-- +goose Down
DROP INDEX room_messages_by_reacted;
ALTER TABLE room_messages DROP COLUMN reacted;
ALTER TABLE room_messages DROP COLUMN reactions;
DROP TABLE room_reactions;
