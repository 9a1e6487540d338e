-- +goose Up
-- When an event was first put into its feed, in Unix milliseconds; 0: not yet.
-- Events stay for some time after that, because Redis may lose its newest data.
-- Negative: the event is to be put there again.
ALTER TABLE outbox ADD COLUMN sent BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_waiting ON outbox (seq) WHERE sent <= 0;
CREATE INDEX outbox_sent ON outbox (sent) WHERE sent > 0;
CREATE INDEX outbox_sent_by_user ON outbox (user_id) WHERE sent > 0;

-- +goose Down
DELETE FROM outbox WHERE sent > 0;
ALTER TABLE outbox DROP COLUMN sent;
