-- The tables of PostgreSQL migration 00022, which documents them.

-- +goose Up
CREATE TABLE rooms (
    name      TEXT PRIMARY KEY,
    title     TEXT NOT NULL,
    topic     TEXT NOT NULL,
    access    TEXT NOT NULL,
    listed    INTEGER NOT NULL,
    retention INTEGER NOT NULL,
    creator   INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    deleted   INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_by_creator ON rooms (creator, created);
CREATE INDEX rooms_listed ON rooms (name) WHERE listed AND access <> 'invite' AND deleted = 0;
CREATE INDEX rooms_that_expire ON rooms (name) WHERE retention > 0;

CREATE TABLE room_members (
    room    TEXT NOT NULL REFERENCES rooms (name),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (room, user_id)
) STRICT;
CREATE INDEX room_members_by_user ON room_members (user_id, room);
CREATE UNIQUE INDEX room_owners ON room_members (room) WHERE role = 'owner';
CREATE INDEX room_members_by_owner ON room_members (user_id) WHERE role = 'owner';
CREATE INDEX room_moderators ON room_members (room, since) WHERE role = 'moderator';

CREATE TABLE room_invites (
    token   BLOB PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    room    TEXT NOT NULL REFERENCES rooms (name),
    made_by TEXT NOT NULL,
    created INTEGER NOT NULL,
    uses    INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX room_invites_by_room ON room_invites (room, created);
CREATE INDEX room_invites_by_expiry ON room_invites (expires);

-- +goose Down
DROP TABLE room_invites;
DROP TABLE room_members;
DROP TABLE rooms;
