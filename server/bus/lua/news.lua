-- Notes rooms with new messages, for archivers.
--
--   KEYS  1 news: sorted set of rooms
--   ARGV  1 how long to remember them when no others come, ms
--         2 the maximum number   3… the rooms
--
-- Why not by the clock: a reader that continues from the last score would miss
-- what comes after the clock of Redis was set back.
local news = KEYS[1]
local last = tonumber(redis.call('ZREVRANGE', news, '0', '0', 'WITHSCORES')[2] or 0)
local score = string.format('%.0f', last + 1)
for i = 3, #ARGV do
  redis.call('ZADD', news, score, ARGV[i])
end
redis.call('ZREMRANGEBYRANK', news, '0', string.format('%.0f', -ARGV[2] - 1))
redis.call('PEXPIRE', news, ARGV[1])
return 'noted'
