-- Returns where a room's log stands, and begins the log if there is nothing of it.
--
-- KEYS  1 head   2 log: stream
-- ARGV  1 the epoch to use if the log begins   2, 3 epoch and seq of the newest message that the caller knows; empty if none
--       4 side channel   5 room   6 the caller's name
-- Returns {"open", head, past, run}, or {"closed", …} if the log has to be mended first.
--
-- Why a log begins when the room is opened and not with its first message: a client that has heard nothing yet must be able to say
-- where it is (`<epoch>:0`), or what is said while it reconnects would be lost to it.
--
-- Why a script: two servers that open a room at the same time must agree on one epoch.
--
-- Why it says so: all that there was may just have been deleted, and others still have it. They look, and say it again.
local head, log = KEYS[1], KEYS[2]
local fresh, seen_epoch, seen_seq = ARGV[1], ARGV[2], tonumber(ARGV[3])

local h = read(head)
if h.epoch == '' and seen_epoch == '' and redis.call('EXISTS', log) == 0 then
  redis.call('HSET', head, 'epoch', fresh, 'seq', '0', 'base', '0', 'past', '', 'run', process())
  redis.call('PUBLISH', ARGV[4], '{"type":"begun","by":"' .. ARGV[6] .. '","room":"' .. ARGV[5] .. '"}')
  return answer('open', read(head))
end
if in_order(h, log, seen_epoch, seen_seq) then
  return answer('open', h)
end
return answer('closed', h)
