-- listeners returns how many subscriptions of a room's channel there are. Redis
-- counts them itself, so it is known who may have in its ring what a log has lost
-- even where every key is gone. kind is NUMSUB, or in a cluster SHARDNUMSUB.
local function listeners(kind, channel)
  local n = redis.call('PUBSUB', kind, channel)
  return tonumber(n[2] or 0) or 0
end

-- Who follows a log is in its head:
--       follower:<name>   by which of its subscriptions that server follows the log
--
-- follow takes note of it. Servers that die stay, until the log is repaired
-- without them; if ever so many have died meanwhile that the head is too large,
-- all are forgotten and asked to come again.
local function follow(head, name, wish, side, room)
  local field = 'follower:' .. name
  if wish == '' or redis.call('HGET', head, field) == wish then
    return
  end
  if redis.call('HLEN', head) > 2000 then
    for _, f in ipairs(redis.call('HKEYS', head)) do
      if string.sub(f, 1, 9) == 'follower:' then
        redis.call('HDEL', head, f)
      end
    end
    redis.call('PUBLISH', side, '{"type":"begun","by":"' .. name .. '","room":"' .. room .. '"}')
  end
  redis.call('HSET', head, field, wish)
end
