-- +goose Up
-- Rooms that somebody made. A room without a row is one that sprang up by its
-- name. Every change that the rules of the room depend on raises the version in
-- rooms_rules. A row stays when the room is deleted, so that nobody can make
-- another room under its name and find what servers still remember of it.
CREATE TABLE rooms (
    name      TEXT PRIMARY KEY,
    title     TEXT NOT NULL,
    topic     TEXT NOT NULL,
    access    TEXT NOT NULL,    -- open, registered, invite
    listed    BOOLEAN NOT NULL,
    retention BIGINT NOT NULL,  -- ms that its messages are kept; 0: as in all rooms
    creator   BIGINT NOT NULL,  -- the account; 0: the operator
    created   BIGINT NOT NULL,
    deleted   BIGINT NOT NULL   -- 0: it is not
);
CREATE INDEX rooms_by_creator ON rooms (creator, created);
CREATE INDEX rooms_listed ON rooms (name) WHERE listed AND access <> 'invite' AND deleted = 0;
CREATE INDEX rooms_that_expire ON rooms (name) WHERE retention > 0;

CREATE TABLE room_members (
    room    TEXT NOT NULL REFERENCES rooms (name),
    user_id BIGINT NOT NULL REFERENCES users (id),
    role    TEXT NOT NULL,      -- owner, moderator, member
    since   BIGINT NOT NULL,
    PRIMARY KEY (room, user_id)
);
CREATE INDEX room_members_by_user ON room_members (user_id, room);
CREATE UNIQUE INDEX room_owners ON room_members (room) WHERE role = 'owner';
CREATE INDEX room_members_by_owner ON room_members (user_id) WHERE role = 'owner';
CREATE INDEX room_moderators ON room_members (room, since) WHERE role = 'moderator';

-- Invites. Anyone who has the token of one can become a member, as often as it
-- says.
CREATE TABLE room_invites (
    token   BYTEA PRIMARY KEY,  -- the hash of the token, never the token
    id      TEXT NOT NULL UNIQUE,
    room    TEXT NOT NULL REFERENCES rooms (name),
    made_by TEXT NOT NULL,      -- the name of the account, as it was then
    created BIGINT NOT NULL,
    uses    BIGINT NOT NULL,    -- that are left, never 0
    expires BIGINT NOT NULL
);
CREATE INDEX room_invites_by_room ON room_invites (room, created);
CREATE INDEX room_invites_by_expiry ON room_invites (expires);

-- +goose Down
DROP TABLE room_invites;
DROP TABLE room_members;
DROP TABLE rooms;
