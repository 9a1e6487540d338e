-- +goose Up
-- One row for each person and emoji: a reaction to a message of a private chat.
-- messages.reactions are the counts, as JSON; empty if there are none.
CREATE TABLE message_reactions (
    chat    UUID NOT NULL,
    n       BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    emoji   TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (chat, n, user_id, emoji)
);
ALTER TABLE messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';

-- +goose Down
DROP TABLE message_reactions;
ALTER TABLE messages DROP COLUMN reactions;
