-- Returns the state of a room's log, and begins the log if there is none.
--
--   KEYS  1 head   2 log: stream   6 tombs   7 about: see tombs.lua
--   ARGV  1 the epoch to use if the log begins
--         2, 3 epoch and seq of the newest message that the caller knows; empty
--         if none
--         4 gossip channel   5 room   6 the caller's name
--         7 where the earlier epochs ended, if the log begins
--         8 seq after which it begins, 0 if it is the first; empty if the caller
--         has not looked into the archive
--         9 the number of the caller's subscription to the room, empty if it has
--         none
--         10 length of the stream
--         11 channel   12 how Redis counts its listeners: see subscribed.lua
--         13 1 if the caller listens to it, else 0
--         14 1 if the caller has published something in this room that no server
--         is known to have received, or if others may not be back yet
--         the last two: how long the log stays in Redis without subscribed
--         servers, ms, and how long if it has had no message
--   Returns {"open", head, past, run}, {"closed", …} if the log has to be
--   repaired first, or {"begins"} if the caller has to look into the archive.
--
-- Why a log begins when the room is opened and not with its first message: a
-- client that has received nothing yet must be able to say where it is
-- (`<epoch>:0`), or it would lose messages that are published while it
-- reconnects.
--
-- Why a script: two servers that open a room at the same time must agree on one
-- epoch.
--
-- Why it may begin after something: the archive may have messages from before
-- Redis lost everything. So the numbering goes on, and no number is used twice.
--
-- Why it begins closed where another server listens to its channel: all keys
-- may just have been deleted, and that server still has the messages. It
-- restores them, under their own numbers, before new ones are published.
local head, log = KEYS[1], KEYS[2]
local fresh, seen_epoch, seen_seq = ARGV[1], ARGV[2], tonumber(ARGV[3])
local past, base, request = ARGV[7], ARGV[8], ARGV[9]
local tombs, about = KEYS[6], KEYS[7]
local idle, quiet = tonumber(ARGV[#ARGV - 1]), tonumber(ARGV[#ARGV])

only('hash', head)
only('stream', log)
only('zset', tombs)
only('hash', about)
local h = read(head)
if h.epoch == '' and not h.sealed and seen_epoch == '' and redis.call('EXISTS', log) == 0 then
  if base == '' then
    return {'begins'}
  end
  local alone = listeners(ARGV[12], ARGV[11]) <= tonumber(ARGV[13]) and ARGV[14] ~= '1'
  redis.call('HSET', head, 'epoch', fresh, 'seq', base, 'base', base, 'past', past, 'run', alone and process() or '',
    'top', '0', 'gone', base, 'holes', '0', 'begun', '1', 'length', ARGV[10])
  keep(head, log, quiet, tombs, about)
  redis.call('PUBLISH', ARGV[4], '{"type":"begun","by":"' .. ARGV[6] .. '","room":"' .. ARGV[5] .. '"}')
  enlist(head, ARGV[6], request, ARGV[4], ARGV[5])
  return answer(alone and 'open' or 'closed', read(head))
end
if in_order(h, log, tombs, seen_epoch, seen_seq) then
  if tonumber(ARGV[10]) < (h.length or math.huge) then
    redis.call('HSET', head, 'length', ARGV[10])
  end
  keep(head, log, lifetime(h, log, idle, quiet), tombs, about)
  enlist(head, ARGV[6], request, ARGV[4], ARGV[5])
  return answer('open', h)
end
return answer('closed', h)
