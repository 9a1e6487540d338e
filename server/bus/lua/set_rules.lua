-- Puts the working copy of a room's rules beside its log: see rules.lua.
--
--   KEYS  1 head   2 rules: hash
--   ARGV  1 their version
--         2 the epoch in which they were found missing; empty: any
--         3 gossip channel   4 room   5 how long the hash stays, ms
--         6, 7 what the head says of them, their kind and what follows the
--         version; empty: there are none
--         then for each field of the hash but version: field, value
--   Returns set; older: there is a newer copy; closed: the log is not open, or
--   in another epoch. In the last two cases nothing was done.
--
-- Why nothing is done while the log is closed: nobody can write in it then, and
-- when it is open again it has another epoch, in which the rules are read
-- again. For the same reason rules that were read because they were missing in
-- one epoch must not be put into the next: they may have changed between.
--
-- Why a version that is there already is not written again: all servers load
-- the rules at the same time.
local head, rules = KEYS[1], KEYS[2]
local h = redis.call('HMGET', head, 'epoch', 'run', 'rules', 'ruled')
local epoch, version = h[1] or '', ARGV[1]
if epoch == '' or h[2] ~= process() or ARGV[2] ~= '' and ARGV[2] ~= epoch then
  return 'closed'
end
local there = h[3] == epoch
if string.find(h[3] or '', '^' .. epoch .. '[+-] ' .. (h[4] or '') .. ' ') then
  local v = redis.pcall('HGET', rules, 'version')
  there = v == h[4]
end
if there and h[4] == version then
  return 'set'
elseif there and tonumber(h[4] or 0) > tonumber(version) then
  return 'older'
end

redis.call('DEL', rules)
local mark = epoch
if ARGV[6] ~= '' then
  mark = epoch .. ARGV[6] .. ' ' .. version .. ' ' .. ARGV[7]
  redis.call('HSET', rules, 'version', version)
  for i = 8, #ARGV, 1000 do
    redis.call('HSET', rules, unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
  redis.call('PEXPIRE', rules, ARGV[5])
end
redis.call('HSET', head, 'rules', mark, 'ruled', version)
redis.call('PUBLISH', ARGV[3], '{"type":"rules","room":"' .. ARGV[4] .. '"}')
return 'set'
