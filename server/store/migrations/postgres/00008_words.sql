-- +goose Up
-- The servers extract the words of a message, the same for both databases: see
-- words.go. NULL: not done yet; a running server does it in batches. The id of
-- a chat is still a word of its messages.
ALTER TABLE messages DROP COLUMN words, ADD COLUMN words TSVECTOR;
ALTER TABLE room_messages DROP COLUMN words, ADD COLUMN words TSVECTOR;
CREATE INDEX messages_by_words ON messages USING GIN (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX room_messages_by_words ON room_messages USING GIN (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX messages_without_words ON messages (chat, n) WHERE words IS NULL;
CREATE INDEX room_messages_without_words ON room_messages (room, epoch, seq) WHERE words IS NULL;

-- +goose Down
DROP INDEX messages_without_words, room_messages_without_words;
ALTER TABLE messages DROP COLUMN words, ADD COLUMN words TSVECTOR NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(ARRAY[chat::text]) ||
    to_tsvector('simple', translate(text, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))
) STORED;
ALTER TABLE room_messages DROP COLUMN words, ADD COLUMN words TSVECTOR NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', translate(text, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))
) STORED;
CREATE INDEX messages_by_words ON messages USING GIN (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX room_messages_by_words ON room_messages USING GIN (words) WITH (gin_pending_list_limit = 512);
