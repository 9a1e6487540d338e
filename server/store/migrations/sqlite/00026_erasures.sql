-- The table of PostgreSQL migration 00027, which documents it.

-- +goose Up
CREATE TABLE erasures (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    author   TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    keep     INTEGER NOT NULL,
    asked    INTEGER NOT NULL,
    upto     INTEGER NOT NULL,
    stage    INTEGER NOT NULL DEFAULT 0,
    room     TEXT NOT NULL DEFAULT '',
    seq      INTEGER NOT NULL DEFAULT 0,
    epoch    TEXT NOT NULL DEFAULT '',
    messages INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX erasures_open ON erasures (author) WHERE finished = 0;
CREATE INDEX erasures_due ON erasures (due) WHERE finished = 0;
CREATE INDEX erasures_by_author ON erasures (author, id);
CREATE INDEX room_messages_by_author ON room_messages (author, room, seq, epoch) WHERE author <> '';
CREATE INDEX room_reactions_by_author ON room_reactions (author, room, target) WHERE author <> '';

-- +goose Down
DROP INDEX room_reactions_by_author;
DROP INDEX room_messages_by_author;
DROP TABLE erasures;
