-- The column of PostgreSQL migration 00026, which documents it.

-- +goose Up
ALTER TABLE rooms_rules ADD COLUMN pinned TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms_rules DROP COLUMN pinned;
