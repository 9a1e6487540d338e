-- Says that a server does not follow a log any longer. If it has begun to again, by another subscription, that stays.
--
-- KEYS  1 head   2 log: stream   3 mend: hash, who has offered
-- ARGV  1 the server's name   2 the subscription that has ended
local field = 'follower:' .. ARGV[1]
if redis.call('HGET', KEYS[1], field) == ARGV[2] then
  redis.call('HDEL', KEYS[1], field)
end
if redis.call('HGET', KEYS[3], 'by:' .. ARGV[1]) == ARGV[2] then
  redis.call('HSET', KEYS[3], 'by:' .. ARGV[1], '')
end
return {'left'}
