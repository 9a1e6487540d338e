-- Appends a message, or another entry, to the log of its room and publishes it
-- to all servers, or says where it already is.
--
--   KEYS  1 head   2 log: stream   3 what is remembered of the entry's id
--         4 tombs   5 about: see tombs.lua
--         of an entry about a message: 6 its delete, if that is remembered
--         7 what is remembered of the message's id, if a delete
--         8 the reactions to it, if a delete or a summary of them: see react.lua
--         of what somebody writes, the last two: the rules of the room; when
--         the last message of this person was taken: see rules.lua
--   ARGV  1 channel   2 body: the inner part of the payload's JSON
--         3 digest of the content   4 how long to remember an id, ms
--         5 length of the stream   6 the epoch that the server knows
--         7 the newest seq of it that the server has received
--         8 how long the log stays in Redis after a message, ms
--         9, 10 who writes it, and from where: see rules.lua; empty: the rules do
--         not matter, and nobody knows   11 1 if the rules must be known
--         12 the version of the blocked words that are not in it; with "!" before
--         it, of those that are; empty: nobody has looked
--         13 type of an entry that is not a message; "-": only say where it is
--         of an entry about a message: 14 that message's id   15 its seq,
--         except in feeds, which have none of 6 to 8
--   Returns {position, outcome}: position is "<epoch>:<seq>", outcome one of
--         new        appended and published
--         duplicate  this id is in the log, at that position; nothing was done
--         conflict   this id is in the log with another digest; nothing was done
--         gone       the message that this is about is deleted; nothing was done
--                    (it is the answer to "-" as well)
--         quiet      a summary of reactions that says nothing new, or would be
--                    the second within a second; nothing was done. Instead of a
--                    position: in how many ms to try again, 0: not at all
--         closed     the log has to be opened first, or again; nothing was done,
--                    and position is empty
--         banned, muted, paused, registered_only, members_only, slow_mode,
--         blocked_words
--                    the rules of the room refuse it; nothing was done. Instead
--                    of a position: for how long, ms, 0: for ever
--         rules      the rules have to be put beside the log first; nothing was
--                    done
--         words      the server has looked for other blocked words than those of
--                    the room; nothing was done
--
-- Why one script: a seq that is drawn, stored and published by three commands
-- can be used twice, or published in another order than it is stored. Redis
-- runs a script as one step, so subscribers receive the order of the log,
-- without a hole.
--
-- Why it is idempotent: a sender whose connection broke cannot know whether the
-- script ran. It sends the same id again and gets the first position. Only
-- here, in the same step as the append, can that be decided without a race.
--
-- Why it can find the log closed (see log.lua): the text of this script names
-- the process of Redis in which it may run. In any other process it is not
-- known, which is what a server notices first after a restart; and there the
-- log was not opened by that name. The epoch keeps out servers that have not
-- noticed that a log was closed and opened again, also in the middle of a
-- pipeline: either all of its messages go in or, from one on, none, so their
-- order holds.
--
-- Why the rules are checked here: this is the one place for all servers, and a
-- step of its own. A mute that one server has put here holds for the next
-- message on every other, and of two messages in slow mode one is taken. They
-- are checked after the id, so a sender that missed the ack of an earlier
-- message gets it.
--
-- Why blocked words are compared by their version: Redis has no regular
-- expressions. So the server looks for them, and this says whether it had the
-- right ones. A word that one server has put here is looked for in the next
-- message on every other.
--
-- Why the counts of a summary are filled in here: two servers that read them
-- first and publish them then could publish the older after the newer.
--
-- Why in this order: an error in the middle does not undo what came before it.
-- The append goes first, since it can fail (another type at the key, a stream
-- that is ahead of the head), and until then nothing has been counted. The id
-- is remembered before PUBLISH, since that can fail as well (an ACL without the
-- channel), and a second attempt must not append again. Redis checks for memory
-- and for being a replica at the first write, when nothing has been done.
--
-- PUBLISH_COMMAND is PUBLISH, or in a cluster SPUBLISH: see places.go. The
-- format of the payload is that of chat/payload.go.
local head, log, id, tombs, about = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local who, kind, target = ARGV[9], ARGV[13] or 'message', ARGV[14]
local channel, body, digest, ttl, maxlen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local state = redis.call('HMGET', head, 'epoch', 'seq', 'base', 'run', 'top', 'rules')
local epoch, seq = state[1], tonumber(state[2] or 0)
if epoch ~= ARGV[6] or state[4] ~= 'RUN_ID' or seq < tonumber(ARGV[7])
  or (state[2] ~= state[3] or (state[5] or '0') ~= '0') and redis.call('XLEN', log) == 0 then
  return {'', 'closed'}
end

local rules, last, slow, words, known, taken
if who ~= '' then
  rules, last = KEYS[#KEYS - 1], KEYS[#KEYS]
  slow, words = of_all(state[6], epoch)
end
if kind ~= 'message' then
  slow, words = nil, kind == 'edit' and words
end
if slow then -- one command for both
  local both = redis.call('MGET', id, last)
  known, taken = both[1], both[2]
else
  known = redis.pcall('GET', id) -- the key may have another type
end
if type(known) == 'string' then
  local position, said = string.match(known, '^(%x+:%d+) (.*)$')
  if said == digest or said == '-' or digest == '-' then -- chat.DeletedDigest
    return {position, 'duplicate'}
  end
  return {position, 'conflict'}
end

if kind == '-' then
  return {'', 'gone'}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if who ~= '' then
  local refused, wait = refusal(state[6], epoch, rules, who, ARGV[10], ARGV[11], now, kind == 'delete')
  if not refused and wait then -- moderates
    slow = nil
  elseif not refused then
    if words and words ~= ARGV[12] then
      refused, wait = ARGV[12] == '!' .. words and 'blocked_words' or 'words', 0
    elseif slow then
      wait = early(taken, slow, now)
      refused = wait and 'slow_mode'
    end
  end
  if refused then
    return {string.format('%.0f', wait), refused}
  end
end
local of_feed = target and not ARGV[15]
if of_feed then
  index_feed(log, about)
  body = kept(about, body)
elseif target and kind ~= 'delete' then
  local gone = redis.pcall('GET', KEYS[6])
  gone = type(gone) == 'string' and gone or nil
  if gone and (kind == 'message' and target_of(gone) == ARGV[15] or same_writer(gone, body)) then
    return {'', 'gone'}
  end
end

-- Never let Lua convert a number to text: from fifteen digits on it writes
-- 1e+15.
local number = string.format('%.0f', seq + 1)
local at = string.format('%.0f', now)
if kind == 'reactions' then
  local counts, wait = summary(KEYS[8], now)
  if not counts then
    return {string.format('%.0f', wait), 'quiet'}
  end
  body = body .. ',"counts":{' .. counts .. '}'
end
local payload = '{"type":"' .. kind .. '","seq":' .. number .. ',' .. body
  .. ',"at":' .. at .. ',"epoch":"' .. epoch .. '"}'
local position = epoch .. ':' .. number

redis.call('XADD', log, 'MAXLEN', '~', maxlen, number .. '-0', 'm', payload)
redis.call('HSET', head, 'seq', number)
local stays = ARGV[8]
if redis.call('PTTL', log) < stays * 3 / 4 then -- not for each message
  for _, key in ipairs({head, log, tombs, about, rules}) do
    redis.call('PEXPIRE', key, stays)
  end
end
if of_feed then
  if heed_event(log, tombs, about, number, body) then
    drop_tombs(log, tombs, seq + 1, tonumber(maxlen))
  end
elseif kind == 'delete' then
  local seqs, moved = {ARGV[15]}, redis.pcall('GET', KEYS[7])
  seqs[2] = type(moved) == 'string' and string.match(moved, '^%x+:(%d+) ') or nil
  forget(log, tombs, about, target, seqs, body)
  drop_tombs(log, tombs, seq + 1, tonumber(maxlen))
  redis.call('SET', KEYS[6], body, 'PX', ttl)
  forget_reactions(KEYS[8], body)
elseif kind == 'reactions' then
  redis.call('HSET', KEYS[8], 'told', at, 'dirty', '0')
  redis.call('PEXPIRE', KEYS[8], stays)
elseif target then
  note_about(log, about, target, number)
end
redis.call('SET', id, position .. ' ' .. digest, 'PX', ttl)
if slow then
  redis.call('SET', last, at, 'PX', string.format('%.0f', slow))
end
redis.call('PUBLISH_COMMAND', channel, payload)
return {position, 'new'}
