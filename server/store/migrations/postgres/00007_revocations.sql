-- +goose Up
-- Users with ended sessions, whose sockets are to be closed, until Redis has
-- been told. n is a new random number each time, so that a server removes only
-- the revocation that it has announced, not a newer one.
CREATE TABLE revocations (
    user_id BIGINT PRIMARY KEY,
    n       BIGINT NOT NULL
);

-- +goose Down
DROP TABLE revocations;
