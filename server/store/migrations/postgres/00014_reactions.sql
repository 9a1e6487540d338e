-- +goose Up
-- One row for each person and emoji: a reaction to a message of a room. target
-- is the id of the message, person the author of the reaction, or the
-- connection where that is unknown. A reaction that was taken back keeps its
-- row: until a later change, none that is earlier than at counts.
CREATE TABLE room_reactions (
    room   TEXT NOT NULL,
    target TEXT NOT NULL,
    person TEXT NOT NULL,
    emoji  TEXT NOT NULL,
    author TEXT NOT NULL, -- empty if unknown
    name   TEXT NOT NULL,
    at     BIGINT NOT NULL, -- of the last change
    is_on  BOOLEAN NOT NULL,
    PRIMARY KEY (room, target, person, emoji)
);
-- Entries that count the reactions to a message have its id in reacted, not in
-- target: there may be thousands, and nobody looks for all of them. reactions
-- of that message are the counts of the newest, as JSON; empty if it has none.
ALTER TABLE room_messages
    ADD COLUMN reacted TEXT NOT NULL DEFAULT '',
    ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
CREATE INDEX room_messages_by_reacted ON room_messages (room, reacted, seq) WHERE reacted <> '';

-- +goose Down
DROP INDEX room_messages_by_reacted;
ALTER TABLE room_messages DROP COLUMN reacted, DROP COLUMN reactions;
DROP TABLE room_reactions;
