-- +goose Up
-- Where epochs of rooms' logs ended. A repaired log continues in another epoch
-- and assigns the numbers after the end again. Messages past the end that were
-- archived by then are not part of the log.
CREATE TABLE room_epochs (
    room  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    last  BIGINT NOT NULL, -- the seq of its last message
    PRIMARY KEY (room, epoch)
);

-- +goose Down
DROP TABLE room_epochs;
