-- Lays down messages that Redis had acknowledged and that the caller has not heard. Nobody may have; then there is a hole before
-- some of them, which another server may fill. So they wait until all have offered what they heard: reopen.lua takes them.
--
-- KEYS  1 head   2 log: stream   3 mend: hash, who has offered
-- ARGV  for each message: seq, epoch, key of its id, digest, payload
for i = 1, #ARGV, 5 do
  redis.call('HSETNX', KEYS[3], 'late:' .. ARGV[i], table.concat({ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]}, ' '))
end
return 'taken'
