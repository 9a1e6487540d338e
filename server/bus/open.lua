-- Returns the head of a room's log, "<epoch>:<seq>", and begins the log if there is none.
--
-- KEYS  1 head: hash {epoch, seq}   2 log: stream
-- ARGV  1 the epoch to use if the log has to begin anew
--
-- Why a log begins when the room is opened and not with its first message: a client that has heard nothing yet must be able to say
-- where it is (`<epoch>:0`), or what is said while it reconnects would be lost to it.
--
-- Why a script: two servers that open a room at the same time must agree on one epoch.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  -- A stream without a head is the rest of a log that was lost in part; its numbers mean nothing any more.
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', '0')
  epoch = ARGV[1]
end
return epoch .. ':' .. (redis.call('HGET', KEYS[1], 'seq') or '0')
