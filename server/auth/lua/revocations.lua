-- Counts revocations. A user's tickets and sockets from before one are not
-- valid after it.
--
--   KEYS  1 last: hash: generation, n, run
--         2 users: sorted set, by the n of the last revocation
--   ARGV  1 mode   2 a new generation   3 how long this is remembered, ms
--         4 the maximum number of users   5 the user, for revoke
--         now     returns {generation, n}: the moment at which a ticket is issued
--         revoke  counts one more
--         list    returns {generation, user, n, …}
--
-- Why numbers and not times: a clock can step back, and two servers that write
-- times can do so in the wrong order.
--
-- Why generations: in a Redis that has restarted, or has forgotten all this,
-- the numbers begin again. A number of another generation counts as older.
local last, users = KEYS[1], KEYS[2]
local mode, fresh, keep = ARGV[1], ARGV[2], ARGV[3]

if mode == 'list' then
  local out = {redis.call('HGET', last, 'generation') or ''}
  for _, word in ipairs(redis.call('ZRANGE', users, 0, -1, 'WITHSCORES')) do
    out[#out + 1] = word
  end
  return out
end

if redis.call('HGET', last, 'run') ~= process() then
  redis.call('DEL', users)
  redis.call('HSET', last, 'generation', fresh, 'run', process(), 'n', '0')
end
if mode == 'revoke' then
  redis.call('ZADD', users, redis.call('HINCRBY', last, 'n', 1), ARGV[5])
  redis.call('ZREMRANGEBYRANK', users, 0, -1 - tonumber(ARGV[4]))
end
redis.call('PEXPIRE', last, keep)
redis.call('PEXPIRE', users, keep)
return redis.call('HMGET', last, 'generation', 'n')
