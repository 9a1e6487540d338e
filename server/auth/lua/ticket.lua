-- Stores a ticket, or redeems it. A ticket can be used once, and only in the
-- process of Redis in which it was issued: a Redis that restarts from an older
-- snapshot may have tickets again that were used, or whose session has ended
-- since.
--
--   KEYS  1 ticket
--   ARGV  1 its content, to store it   2 how long it is valid, ms
--   Returns its content; empty if there is no such ticket.
if ARGV[1] then
  redis.call('SET', KEYS[1], process() .. ' ' .. ARGV[1], 'PX', ARGV[2])
  return ''
end
local value = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
local run, said = string.match(value or '', '^(%S+) (.*)$')
return run == process() and said or ''
