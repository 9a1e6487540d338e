-- +goose Up
-- Users whose sockets Redis was not told yet to close, since sessions of theirs
-- have ended. n is another random number each time, so that who has told Redis
-- removes what it has told and nothing newer.
CREATE TABLE revocations (
    user_id BIGINT PRIMARY KEY,
    n       BIGINT NOT NULL
);

-- +goose Down
DROP TABLE revocations;
