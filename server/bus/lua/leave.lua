-- Removes a server that is no longer subscribed from the head of a log. If it is
-- subscribed again, by another subscription, it stays.
--
--   KEYS  1 head   2 log: stream   3 `mend`: hash, who has staged
--   ARGV  1 the server's name   2 the subscription that has ended
local field = 'follower:' .. ARGV[1]
if redis.call('HGET', KEYS[1], field) == ARGV[2] then
  redis.call('HDEL', KEYS[1], field)
end
if redis.call('HGET', KEYS[3], 'by:' .. ARGV[1]) == ARGV[2] then
  redis.call('HSET', KEYS[3], 'by:' .. ARGV[1], '')
end
return {'left'}
