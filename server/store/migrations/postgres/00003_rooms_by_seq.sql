-- +goose Up
-- For a room's messages whatever the epoch: numbers go on from one to the next.
CREATE INDEX room_messages_by_seq ON room_messages (room, seq, epoch);

-- +goose Down
DROP INDEX room_messages_by_seq;
