-- Extends the expiry of a log to whose room a server is subscribed.
--
--   KEYS  1 head   2 log: stream   3 tombs   4 about: see tombs.lua
--   ARGV  1 for how long, ms   2 for how long if it has had no message, ms
--   Returns for how long it stays, ms; 0 if there is no log.
local head, log = KEYS[1], KEYS[2]
local ms = lifetime(read(head), log, tonumber(ARGV[1]), tonumber(ARGV[2]))
if keep(head, log, ms, KEYS[3], KEYS[4]) then
  return ms
end
return 0
