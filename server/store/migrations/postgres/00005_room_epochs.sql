-- +goose Up
-- Where epochs of rooms' logs have ended. A log that was mended goes on in another epoch, and gives the numbers behind the end again: what the archive
-- had of them by then is not in the log.
CREATE TABLE room_epochs (
    room  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    last  BIGINT NOT NULL, -- the seq of its last message
    PRIMARY KEY (room, epoch)
);

-- +goose Down
DROP TABLE room_epochs;
