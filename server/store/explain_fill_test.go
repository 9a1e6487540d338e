package store

// fill creates 20,000 users, 20,000 chats and 1,000,000 messages: 100 in most
// chats, 200,000 in one; and 100,000 in a room. To take only seconds it builds
// large indexes at the end, checks no foreign keys, and inserts the vectors
// instead of deriving them from the texts.
const fill = `
SET session_replication_role = replica;
SET maintenance_work_mem = '256MB';
DROP INDEX messages_by_words, room_messages_by_words;
ALTER TABLE messages DROP CONSTRAINT messages_id_key;
ALTER TABLE messages SET UNLOGGED;
ALTER TABLE room_messages SET UNLOGGED;
INSERT INTO users (id, name, skeleton, hash, created) SELECT i, 'user' || i, 'user' || i, 'x', i
FROM generate_series(1, 20000) i;
INSERT INTO sessions (token, user_id, expires) SELECT sha256(CAST(CAST(i AS text) AS bytea)), i, i
FROM generate_series(1, 20000) i;
INSERT INTO chats (id, a, b, created, last_n)
    SELECT CAST(lpad(CAST(i AS text), 32, '0') AS uuid), CASE WHEN i <= 200 THEN 1 ELSE i END, i +
        20000, i, CASE WHEN i = 1 THEN 200000 WHEN i <= 8001 THEN 100 ELSE 0 END
    FROM generate_series(1, 20000) i;
INSERT INTO members (chat, user_id, other, updated) SELECT id, a, b % 20000 + 1, created
FROM chats UNION ALL SELECT id, b % 20000 + 1, a, created FROM chats;
INSERT INTO blocks (user_id, blocked, since)
    SELECT i % 2000 + 1, i % 19999 + 1, i FROM generate_series(2000, 50000) i ON CONFLICT DO NOTHING;
INSERT INTO messages (chat, n, id, author, text, at, words)
    SELECT chat, CASE WHEN i < 200000 THEN i + 1 ELSE i % 100 + 1 END, CAST(md5(CAST(i AS text)) AS
        uuid), CASE WHEN i < 200000 THEN 1 ELSE 7 END,
        'the word' || i % 1000 || ' only' || i / 10, i, array_to_tsvector(ARRAY[chat::text, 'the',
            'word' || i % 1000, 'only' || i / 10])
    FROM generate_series(0, 999999) i, CAST(lpad(CAST(CASE WHEN i < 200000 THEN 1 ELSE (i - 200000) /
        100 + 2 END AS text), 32, '0') AS uuid) chat;
INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at, words)
    SELECT 'livechat', '00000000000000aa', i, CAST(i AS text), 'A', 's', 'n', '', i,
        array_to_tsvector(ARRAY['the', 'word' || i % 1000, 'only' || i / 10])
    FROM generate_series(1, 100000) i;
INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at, type, reacted, extra, words)
    SELECT 'livechat', '00000000000000aa', 100000 + i, 'r' || i, 'A', 's', 'n', '', i, 'reactions',
        CASE WHEN i <= 5000 THEN '50000' ELSE CAST(i AS text) END, '', '' FROM generate_series(1, 20000) i;
INSERT INTO room_reactions (room, target, person, emoji, author, name, at, is_on)
    SELECT 'livechat', CAST(i / 5 AS text), 'p' || i, '👍', '', 'n', i, TRUE
    FROM generate_series(1, 100000) i;
INSERT INTO room_epochs (room, epoch, last)
    SELECT CASE WHEN i <= 16 THEN 'livechat' ELSE 'room' || i END, lpad(to_hex(i), 14, '0') || 'aa', i *
        1000 FROM generate_series(1, 20000) i;
INSERT INTO outbox (id, user_id, kind, chat, n, author, at)
    SELECT id, author, 'message', chat, n, author, at FROM messages
    WHERE chat = '00000000-0000-0000-0000-000000000001' AND n <= 20000;
INSERT INTO files (id, owner, user_id, name, type, size, hash, width, height, previews, stored, created, room,
    chat, message, claimed, archived, epoch, seq)
    SELECT CAST(md5(CAST(i AS text)) AS uuid), '@a', i % 20000, 'a', 'text/plain', 5, '', 0, 0, '', 5, i,
        CASE WHEN i % 2 = 0 THEN 'livechat' ELSE '' END, CASE WHEN i % 2 = 1 THEN CAST(md5('c') AS uuid) END,
        CASE WHEN i % 1000 = 0 THEN '' ELSE CAST(i AS text) END, CASE WHEN i % 1000 = 0 THEN 0 ELSE i END,
        CASE WHEN i % 1000 < 2 THEN 0 ELSE i END, '00000000000000aa', i
    FROM generate_series(1, 100000) i;
INSERT INTO file_totals (name, bytes, files) SELECT 'user:' || i, 5, 1 FROM generate_series(1, 20000) i;
INSERT INTO audit (at, actor, actor_name, action) SELECT i, 0, 'operator', 'user.passwd'
    FROM generate_series(1, 100000) i;
INSERT INTO rooms_rules (room, slow_ms, registered, paused, version, applied)
    SELECT 'room' || i, 0, FALSE, FALSE, 2, CASE WHEN i % 1000 = 0 THEN 1 ELSE 2 END
    FROM generate_series(1, 20000) i;
INSERT INTO bans (room, kind, subject_kind, subject, name, reason, set_by, at, ends)
    SELECT 'room' || i % 1000, 'ban', 'account', CAST(i AS text), 'n', '', '', i,
        CASE WHEN i % 2 = 0 THEN i ELSE 0 END
    FROM generate_series(1, 50000) i;
INSERT INTO rooms (name, title, topic, access, listed, retention, creator, created, deleted)
    SELECT 'room' || i, 't', '', CASE WHEN i % 2 = 0 THEN 'invite' ELSE 'open' END, i % 4 = 1,
        CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END, i % 2000, i, 0 FROM generate_series(1, 20000) i;
INSERT INTO room_members (room, user_id, role, since)
    SELECT 'room' || i % 20000 + 1, i % 777 + 1,
        CASE WHEN i < 20000 THEN 'owner' WHEN i < 40000 THEN 'moderator' ELSE 'member' END, i
    FROM generate_series(0, 99999) i ON CONFLICT DO NOTHING;
INSERT INTO room_invites (token, id, room, made_by, created, uses, expires)
    SELECT sha256(CAST(CAST(i AS text) AS bytea)), 'i' || i, 'room' || i % 20000, 'ann', i, 1, i
    FROM generate_series(1, 50000) i;
INSERT INTO reports (room, seq, target, author, session, name, text, reporter, reporter_name, reason,
        at, closed)
    SELECT 'room' || i % 500, i, CAST(i AS text), 'k3y', 's', 'n', '', 'a:' || i, '', '', i,
        CASE WHEN i % 4 = 0 THEN 0 ELSE i END
    FROM generate_series(1, 50000) i;
INSERT INTO room_deletes (id, room, seq, target, author, session, name, at)
    SELECT CAST(i AS text), 'livechat', i, CAST(i AS text), '', 's', 'n', i FROM generate_series(1, 20000) i;
ALTER TABLE messages ADD UNIQUE (id);
CREATE INDEX messages_by_words ON messages USING GIN (words);
CREATE INDEX room_messages_by_words ON room_messages USING GIN (words);
ANALYZE;`
