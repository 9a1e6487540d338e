-- The column of PostgreSQL migration 00029, which documents it.

-- +goose Up
ALTER TABLE rooms_rules ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms_rules DROP COLUMN words;
