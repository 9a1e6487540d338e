-- Lets a log know epochs that came before it and that it has nothing of: it began anew, on a server that knew of none, where others did.
--
-- KEYS  1 head   2 log: stream
-- ARGV  1 the epoch that the caller found   2 side channel   3 room   4… the epochs
-- Returns as open.lua does; {"closed", …} if the log has moved on meanwhile.
--
-- Why: a client that comes back from such an epoch is then known to have seen a part of what is said again, and gets the log from
-- its beginning. Else it would be a stranger, who gets the newest few messages.
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
local past = written(trimmed(list, (shape(KEYS[2], top))))
if past ~= h.past then
  h.past = past
  redis.call('HSET', KEYS[1], 'past', past)
  redis.call('PUBLISH', ARGV[2], '{"type":"mended","room":"' .. ARGV[3] .. '"}')
end
return answer('open', h)
