-- The column and the index of PostgreSQL migration 00019, which documents them.

-- +goose Up
ALTER TABLE files ADD COLUMN received INTEGER NOT NULL DEFAULT 0;
CREATE INDEX files_gone ON files (deleted) WHERE deleted < 0;

-- +goose Down
DELETE FROM files WHERE deleted < 0;
DROP INDEX files_gone;
ALTER TABLE files DROP COLUMN received;
