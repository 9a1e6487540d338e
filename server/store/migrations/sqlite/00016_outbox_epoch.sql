-- The column of PostgreSQL migration 00017, which documents it.

-- +goose Up
ALTER TABLE outbox ADD COLUMN epoch TEXT NOT NULL DEFAULT 'unknown';
DROP INDEX outbox_sent_by_user;
CREATE INDEX outbox_sent_by_user ON outbox (user_id, seq) WHERE sent > 0;

-- +goose Down
DROP INDEX outbox_sent_by_user;
CREATE INDEX outbox_sent_by_user ON outbox (user_id) WHERE sent > 0;
ALTER TABLE outbox DROP COLUMN epoch;
