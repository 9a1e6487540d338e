-- Reports which names are reserved, and whether all of them are known.
--
--   KEYS  1 names: set   2 whole: "<process of Redis> <count>"
--   ARGV  1 mode, then
--         has    names: returns {1 or 0, count, process, 1 or 0 for each name};
--                the first says whether the set has all names
--         whole  process, count, how long to keep both keys, ms: notes that the
--                set has all names, at least count, if the process is the same
--
-- Why the process: a Redis that has restarted may lack names, and guests could
-- use them.
--
-- Why the count: the set may be deleted alone, or with all keys. Names are
-- never removed, so a set that has as many as when it was whole has all of
-- them.
local names, whole = KEYS[1], KEYS[2]
local count, run = redis.call('SCARD', names), process()

if ARGV[1] == 'whole' then
  if run == ARGV[2] and count >= tonumber(ARGV[3]) then
    redis.call('SET', whole, run .. ' ' .. string.format('%.0f', count), 'PX', ARGV[4])
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
