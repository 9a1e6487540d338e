-- listeners returns the number of subscriptions to a room's channel. Redis
-- counts them, so it is known how many servers may have in their rings what a
-- log has lost, even where every key is gone. kind is NUMSUB, or in a cluster
-- SHARDNUMSUB.
local function listeners(kind, channel)
  local n = redis.call('PUBSUB', kind, channel)
  return tonumber(n[2] or 0) or 0
end

-- The servers that are subscribed to a room are in the head of its log:
--
--       follower:<name>   the number of that server's subscription
--
-- enlist adds one. Servers that die stay until the log is repaired without
-- them. If so many have died since that the head is too large, all are removed
-- and asked to come again.
local function enlist(head, name, request, gossip, room)
  local field = 'follower:' .. name
  if request == '' or redis.call('HGET', head, field) == request then
    return
  end
  if redis.call('HLEN', head) > 2000 then
    for _, f in ipairs(redis.call('HKEYS', head)) do
      if string.sub(f, 1, 9) == 'follower:' then
        redis.call('HDEL', head, f)
      end
    end
    redis.call('PUBLISH', gossip, '{"type":"begun","by":"' .. name .. '","room":"' .. room .. '"}')
  end
  redis.call('HSET', head, field, request)
end
