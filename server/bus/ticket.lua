-- Keeps a ticket, or takes it: it is good once, and in the process of Redis that has it from its issuer. A Redis that comes back older may have tickets
-- again that were used, or whose session has ended since.
--
-- KEYS  1 ticket
-- ARGV  1 what it says, of one that is kept   2 how long it is good, ms
-- Returns what it says; empty if there is none.
if ARGV[1] then
  redis.call('SET', KEYS[1], process() .. ' ' .. ARGV[1], 'PX', ARGV[2])
  return ''
end
local value = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
local run, said = string.match(value or '', '^(%S+) (.*)$')
return run == process() and said or ''
