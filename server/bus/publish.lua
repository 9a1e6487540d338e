-- Puts one message into the log of its room and tells every server, or says where it already is.
--
-- KEYS  1 head   2 log: stream   3 what is remembered of the message's id
-- ARGV  1 channel   2 body: the inner part of the payload's JSON   3 digest of what was said   4 how long to remember an id, ms
--       5 length of the stream   6 the epoch that the server knows   7 the newest seq of it that it has heard
--       the last one: how long the log stays in Redis after a message, ms
-- Returns {position, outcome}: position is "<epoch>:<seq>", outcome one of
--       new        appended and published
--       duplicate  this id is in the log, at that position; nothing was done
--       conflict   this id is in the log with another digest; nothing was done
--       closed     the log has to be opened first, or again; nothing was done, and position is empty
--
-- Why one script: a seq that is given, stored and published in three commands can be given twice, or published in another order
-- than it is stored. Redis runs a script as one step, so what subscribers hear is the order of the log, without a hole.
--
-- Why idempotent inside: a sender whose connection broke cannot know whether the script ran. It sends the same id again and gets
-- the first position; only here, in the same step as the append, can that be decided without a race.
--
-- Why it can find the log closed (see log.lua): the text of this script names the process of Redis in which it may run. In any other
-- it is not known, which is what a server notices first after a restart; and there the log itself was not opened by that name. The
-- epoch keeps out who has not noticed that a log was closed and opened again, also in the middle of a pipeline: either all of
-- its messages go in or, from one on, none, so their order holds.
--
-- Why in this order: an error in the middle does not undo what came before it. The append goes first, since it is what can fail
-- (another type at the key, a stream that is ahead of the head); until then nothing has been counted. The id is remembered
-- before PUBLISH, since that can fail as well (an ACL without the channel), and a resend must not append a second time.
-- Running out of memory and being a read-only replica are found by Redis at the first write, when nothing has been done.
--
-- PUBLISH_COMMAND is PUBLISH, or in a cluster SPUBLISH: see places.go.
local head, log, id = KEYS[1], KEYS[2], KEYS[3]
local channel, body, digest, ttl, maxlen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local state = redis.call('HMGET', head, 'epoch', 'seq', 'base', 'run', 'top')
local epoch, seq = state[1], tonumber(state[2] or 0)
if epoch ~= ARGV[6] or state[4] ~= 'RUN_ID' or seq < tonumber(ARGV[7])
  or (state[2] ~= state[3] or (state[5] or '0') ~= '0') and redis.call('XLEN', log) == 0 then
  return {'', 'closed'}
end

local known = redis.pcall('GET', id) -- somebody may have put something else at the key
if type(known) == 'string' then
  local position, said = string.match(known, '^(%x+:%d+) (.*)$')
  if said == digest then
    return {position, 'duplicate'}
  end
  return {position, 'conflict'}
end

-- Never let Lua turn a number into text by itself: it would write 1e+15 from fifteen digits on.
local number = string.format('%.0f', seq + 1)
local now = redis.call('TIME')
local at = string.format('%.0f', tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000))
local payload = '{"type":"message","seq":' .. number .. ',' .. body .. ',"at":' .. at .. ',"epoch":"' .. epoch .. '"}'
local position = epoch .. ':' .. number

redis.call('XADD', log, 'MAXLEN', '~', maxlen, number .. '-0', 'm', payload)
redis.call('HSET', head, 'seq', number)
local stays = ARGV[#ARGV]
if redis.call('PTTL', log) < stays * 3 / 4 then -- not with each message
  redis.call('PEXPIRE', head, stays)
  redis.call('PEXPIRE', log, stays)
end
redis.call('SET', id, position .. ' ' .. digest, 'PX', ttl)
redis.call('PUBLISH_COMMAND', channel, payload)
return {position, 'new'}
