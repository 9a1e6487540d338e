-- Says which names are accounts', and whether all of them are known.
--
-- KEYS  1 names: set   2 whole: "<process of Redis> <count>"
-- ARGV  1 mode   then
--       has    names: returns {1 or 0, count, process, 1 or 0 for each name}; the first says whether the set is whole
--       whole  process, count: notes that the set is whole, with at least so many names, if it is still that process; how long both are kept, ms
--
-- Why the process: a Redis that comes back may lack names, and guests would be let in under them.
-- Why the count: somebody may delete the set alone, or all keys. Names only come, so a set that has as many as when it was whole has them all.
local names, whole = KEYS[1], KEYS[2]
local count, run = redis.call('SCARD', names), process()

if ARGV[1] == 'whole' then
  if run == ARGV[2] and count >= tonumber(ARGV[3]) then
    redis.call('SET', whole, run .. ' ' .. text(count), 'PX', ARGV[4])
    redis.call('PEXPIRE', names, ARGV[4])
  end
  return {}
end

local known, at_least = string.match(redis.call('GET', whole) or '', '^(%S+) (%d+)$')
local is_whole = known == run and count >= tonumber(at_least)
local out = {is_whole and 1 or 0, count, run}
for i = 2, #ARGV do
  out[#out + 1] = redis.call('SISMEMBER', names, ARGV[i])
end
return out
