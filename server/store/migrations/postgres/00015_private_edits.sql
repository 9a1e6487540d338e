-- +goose Up
-- The text of a private message is that of its newest edit: edited is when that
-- was made, in Unix milliseconds; 0 if there is none. A deleted message has no
-- text but keeps its row: the number stays taken.
ALTER TABLE messages
    ADD COLUMN edited BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN deleted BOOLEAN NOT NULL DEFAULT FALSE;
-- Edits that were made, so that one that is sent again is not made again. The
-- digest tells it from another edit under its id. A delete removes those of its
-- message.
CREATE TABLE message_edits (
    id     UUID PRIMARY KEY,
    chat   UUID NOT NULL,
    n      BIGINT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX message_edits_by_message ON message_edits (chat, n);

-- +goose Down
DROP TABLE message_edits;
ALTER TABLE messages DROP COLUMN edited, DROP COLUMN deleted;
