-- +goose Up
-- The rules that moderators have set for a room; a room without a row has none.
-- version rises with each change of a row here or of one in bans, and is a
-- time, so that it also rises after the database was set back to a backup.
-- applied is the version that Redis is known to have got.
CREATE TABLE rooms_rules (
    room       TEXT PRIMARY KEY,
    slow_ms    BIGINT NOT NULL, -- 0: no slow mode
    registered BOOLEAN NOT NULL,
    paused     BOOLEAN NOT NULL,
    version    BIGINT NOT NULL,
    applied    BIGINT NOT NULL
);
CREATE INDEX rooms_rules_unapplied ON rooms_rules (room) WHERE applied < version;

-- People who may not write in a room (mute), or not be there (ban). subject is
-- the id of an account, the author or session of a guest, or the keyed hash of
-- an address.
CREATE TABLE bans (
    room         TEXT NOT NULL,
    kind         TEXT NOT NULL, -- mute, ban
    subject_kind TEXT NOT NULL, -- account, guest, address
    subject      TEXT NOT NULL,
    name         TEXT NOT NULL, -- as shown then
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    ends         BIGINT NOT NULL, -- 0: never
    PRIMARY KEY (room, kind, subject_kind, subject)
);
CREATE INDEX bans_by_end ON bans (ends) WHERE ends > 0;
CREATE INDEX bans_by_subject ON bans (subject_kind, subject);

-- +goose Down
DROP TABLE bans;
DROP TABLE rooms_rules;
