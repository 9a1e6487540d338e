-- Keeps a log in Redis that somebody follows.
--
-- KEYS  1 head   2 log: stream
-- ARGV  1 for how long, ms   2 for how long if nobody has spoken in it, ms
-- Returns for how long it was kept, ms; 0 if there is nothing of it.
local head, log = KEYS[1], KEYS[2]
local ms = lifetime(read(head), log, tonumber(ARGV[1]), tonumber(ARGV[2]))
if keep(head, log, ms) then
  return ms
end
return 0
