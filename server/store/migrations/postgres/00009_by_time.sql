-- +goose Up
-- For the first message of a room or a chat since some time, and for a search
-- in one room.
CREATE INDEX room_messages_by_room_time ON room_messages (room, at);
CREATE INDEX messages_by_chat_time ON messages (chat, at);

-- +goose Down
DROP INDEX messages_by_chat_time, room_messages_by_room_time;
