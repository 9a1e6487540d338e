-- Adds to a log earlier epochs of which it has nothing: it began, on a server
-- that did not know them, where other servers had them.
--
--   KEYS  1 head   2 log: stream   6 tombs: see tombs.lua
--   ARGV  1 the epoch in which the caller found the log   2 gossip channel
--         3 room   4… the epochs
--   Returns as open.lua does; {"closed", …} if the log has changed since.
--
-- Why: a client that comes back from such an epoch is then known to have seen
-- some of what is republished, and reads the log from its beginning. Otherwise
-- it would count as new, and get only the newest few messages.
local h = read(KEYS[1])
if h.epoch ~= ARGV[1] or h.run ~= process() then
  return answer('closed', h)
end
local list, by = ends(h.past)
for i = 4, #ARGV do
  if ARGV[i] ~= h.epoch and not by[ARGV[i]] then
    table.insert(list, 1, {epoch = ARGV[i], seq = 0})
    by[ARGV[i]] = 0
  end
end
local top = newest(KEYS[2])
local past = written(trimmed(list, (shape(KEYS[2], KEYS[6], top))))
if past ~= h.past then
  h.past = past
  redis.call('HSET', KEYS[1], 'past', past)
  redis.call('PUBLISH', ARGV[2], '{"type":"mended","room":"' .. ARGV[3] .. '"}')
end
return answer('open', h)
