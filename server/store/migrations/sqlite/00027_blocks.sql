-- The table of PostgreSQL migration 00028, which documents it.

-- +goose Up
CREATE TABLE blocks (
    user_id INTEGER NOT NULL REFERENCES users (id),
    blocked INTEGER NOT NULL REFERENCES users (id),
    since   INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked),
    CHECK (user_id <> blocked)
) STRICT;
CREATE INDEX blocks_by_blocked ON blocks (blocked);

-- +goose Down
DROP TABLE blocks;
