-- +goose Up
-- For the messages of a room over all epochs: numbers continue from one epoch
-- to the next.
CREATE INDEX room_messages_by_seq ON room_messages (room, seq, epoch);

-- +goose Down
DROP INDEX room_messages_by_seq;
