-- Adds what a connection that is followed has sent and got, as long as somebody
-- looks.
--
--   KEYS  1 frames, a list   2 wanted: is there while somebody looks
--   ARGV  1 how long the list is kept, ms   2.. frames, as JSON
--   Returns 1; 0 if nobody looks any more: then nothing is added.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
for i = 2, #ARGV do
  redis.call('RPUSH', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
