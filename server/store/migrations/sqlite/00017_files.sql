-- The tables and the column of PostgreSQL migration 00018, which documents them.

-- +goose Up
CREATE TABLE files (
    id       TEXT PRIMARY KEY NOT NULL,
    owner    TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    type     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    previews TEXT NOT NULL,
    stored   INTEGER NOT NULL,
    alt      TEXT NOT NULL DEFAULT '',
    created  INTEGER NOT NULL,
    room     TEXT NOT NULL DEFAULT '',
    chat     TEXT,
    message  TEXT NOT NULL DEFAULT '',
    place    INTEGER NOT NULL DEFAULT 0,
    claimed  INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    epoch    TEXT NOT NULL DEFAULT '',
    seq      INTEGER NOT NULL DEFAULT 0,
    deleted  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX files_by_message ON files (message) WHERE message <> '';
CREATE INDEX files_by_place ON files (room, epoch, seq) WHERE archived > 0;
CREATE INDEX files_by_user ON files (user_id) WHERE user_id <> 0;
CREATE INDEX files_unclaimed ON files (created) WHERE claimed = 0 AND deleted = 0;
CREATE INDEX files_unarchived ON files (claimed) WHERE claimed > 0 AND archived = 0 AND deleted = 0;
CREATE INDEX files_of_guests ON files (created) WHERE user_id = 0 AND deleted = 0;
CREATE INDEX files_deleted ON files (deleted) WHERE deleted > 0;

CREATE TABLE uploads (
    id       TEXT PRIMARY KEY NOT NULL,
    owner    TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    source   TEXT NOT NULL,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    received INTEGER NOT NULL DEFAULT 0,
    parts    INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL,
    hash     TEXT NOT NULL DEFAULT '',
    created  INTEGER NOT NULL,
    touched  INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_time ON uploads (touched);

CREATE TABLE upload_parts (
    upload TEXT NOT NULL,
    first  INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    key    TEXT NOT NULL,
    PRIMARY KEY (upload, first)
) STRICT;

CREATE TABLE file_totals (
    name  TEXT PRIMARY KEY NOT NULL,
    bytes INTEGER NOT NULL,
    files INTEGER NOT NULL
) STRICT;
CREATE TABLE file_keys (
    day TEXT PRIMARY KEY NOT NULL,
    key TEXT NOT NULL
) STRICT;

ALTER TABLE messages ADD COLUMN files TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN files;
DROP TABLE file_keys;
DROP TABLE file_totals;
DROP TABLE upload_parts;
DROP TABLE uploads;
DROP TABLE files;
