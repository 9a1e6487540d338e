-- Gives a log that has gone back a new epoch. Returns the head, "<epoch>:<seq>", whether or not it had to.
--
-- KEYS  1 head: hash {epoch, seq}   2 log: stream
-- ARGV  1, 2 epoch and seq up to which messages have been seen   3 the epoch to use if a new one is needed
--
-- Why: a Redis that comes back with an older snapshot hands out the lost numbers a second time in the same epoch. A client at 8 would
-- then take the new 6, 7 and 8 for old ones and drop them. So whoever has seen a number that the log does not know renews it.
--
-- Why the numbering goes on above both: no number of any earlier epoch comes again, whatever somebody remembers of it, and XADD
-- accepts it although the stream keeps its entries.
--
-- Why it compares first: of the many servers that notice at the same time one renews, and the others get what it made.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local epoch, seq = state[1], tonumber(state[2] or 0)
local seen = tonumber(ARGV[2])
if not epoch then
  redis.call('DEL', KEYS[2])
  epoch, seq = ARGV[3], 0
elseif epoch == ARGV[1] and seq < seen then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', '1')[1]
  local stored = last and tonumber(string.match(last[1], '^%d+')) or 0
  epoch, seq = ARGV[3], math.max(seen, stored)
else
  return epoch .. ':' .. string.format('%.0f', seq)
end
local number = string.format('%.0f', seq)
redis.call('HSET', KEYS[1], 'epoch', epoch, 'seq', number)
return epoch .. ':' .. number
