-- Uploaded files: their rows. The bytes are in the store of FILES_URL.

-- +goose Up
CREATE TABLE files (
    id       UUID PRIMARY KEY,
    owner    TEXT NOT NULL,            -- the author who uploaded it; '' if unknown
    user_id  BIGINT NOT NULL,          -- the account of that; 0: a guest
    name     TEXT NOT NULL,
    type     TEXT NOT NULL,            -- media type, as found in the bytes
    size     BIGINT NOT NULL,          -- bytes that are served as the original
    hash     TEXT NOT NULL,            -- SHA-256 of those, in hexadecimal
    width    BIGINT NOT NULL,          -- pixels; 0 unless it is a picture
    height   BIGINT NOT NULL,
    previews TEXT NOT NULL,            -- as `320=image/jpeg 1280=image/jpeg`
    stored   BIGINT NOT NULL,          -- bytes with the previews
    alt      TEXT NOT NULL DEFAULT '',
    created  BIGINT NOT NULL,
    -- The message that has it, from the moment it was claimed for that. A
    -- message of a chat claims in its own transaction, one of a room before it
    -- is published: so it is archived later, or never.
    room     TEXT NOT NULL DEFAULT '', -- '' if it is in a chat, or unclaimed
    chat     UUID,                     -- NULL unless it is in a chat
    message  TEXT NOT NULL DEFAULT '',
    place    BIGINT NOT NULL DEFAULT 0, -- among the files of the message, from 0
    claimed  BIGINT NOT NULL DEFAULT 0, -- when; 0: not yet
    archived BIGINT NOT NULL DEFAULT 0, -- when its message was; 0: not yet
    -- Where the message is archived: its newest copy, if a repair of the log
    -- made several.
    epoch    TEXT NOT NULL DEFAULT '',
    seq      BIGINT NOT NULL DEFAULT 0,
    deleted  BIGINT NOT NULL DEFAULT 0  -- when; then the bytes go, and after them the row
);
CREATE INDEX files_by_message ON files (message) WHERE message <> '';
CREATE INDEX files_by_place ON files (room, epoch, seq) WHERE archived > 0;
CREATE INDEX files_by_user ON files (user_id) WHERE user_id <> 0;
CREATE INDEX files_unclaimed ON files (created) WHERE claimed = 0 AND deleted = 0;
CREATE INDEX files_unarchived ON files (claimed) WHERE claimed > 0 AND archived = 0 AND deleted = 0;
CREATE INDEX files_of_guests ON files (created) WHERE user_id = 0 AND deleted = 0;
CREATE INDEX files_deleted ON files (deleted) WHERE deleted > 0;

-- Files that are being received.
CREATE TABLE uploads (
    id       UUID PRIMARY KEY,         -- of the file that it becomes
    owner    TEXT NOT NULL,
    user_id  BIGINT NOT NULL,
    source   TEXT NOT NULL,            -- the total of a guest's address and day; '' for an account
    name     TEXT NOT NULL,
    size     BIGINT NOT NULL,          -- -1: not known before all is received
    received BIGINT NOT NULL DEFAULT 0, -- bytes of a resumable upload in upload_parts
    parts    BIGINT NOT NULL DEFAULT 0,
    reserved BIGINT NOT NULL,          -- bytes in the totals
    hash     TEXT NOT NULL DEFAULT '', -- SHA-256 of what was received, once that is all
    created  BIGINT NOT NULL,
    touched  BIGINT NOT NULL           -- when bytes came last
);
CREATE INDEX uploads_by_time ON uploads (touched);

-- The pieces of resumable uploads. A piece counts once it has a row.
CREATE TABLE upload_parts (
    upload UUID NOT NULL,
    first  BIGINT NOT NULL, -- where it begins
    size   BIGINT NOT NULL,
    key    TEXT NOT NULL,   -- where its bytes are
    PRIMARY KEY (upload, first)
);

-- Bytes and files, with what is reserved for uploads: of `all`, of `guests`, of
-- each account as `user:ID`, and of the addresses of guests by day as
-- `day:YYYY-MM-DD:HASH`, which counts what was uploaded, deleted or not.
CREATE TABLE file_totals (
    name  TEXT PRIMARY KEY,
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL
);
-- The keys of those hashes. Once the key of a day is gone, nobody can find the
-- address.
CREATE TABLE file_keys (
    day TEXT PRIMARY KEY,
    key TEXT NOT NULL
);

-- The files of a private message, as JSON; '' if it has none.
ALTER TABLE messages ADD COLUMN files TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN files;
DROP TABLE file_keys;
DROP TABLE file_totals;
DROP TABLE upload_parts;
DROP TABLE uploads;
DROP TABLE files;
