-- +goose Up
-- Accounts whose private messages an account does not want.
CREATE TABLE blocks (
    user_id BIGINT NOT NULL REFERENCES users (id), -- who blocks
    blocked BIGINT NOT NULL REFERENCES users (id),
    since   BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked),
    CHECK (user_id <> blocked)
);
CREATE INDEX blocks_by_blocked ON blocks (blocked);

-- +goose Down
DROP TABLE blocks;
