-- Closes a log that is not in order, and tells all servers, so that each offers what the log lacks. First step of three.
--
-- KEYS  1 head   2 log: stream   3 mend: hash, who has offered
-- ARGV  1, 2 epoch and seq of the newest message that the caller knows; empty if none   3 side channel   4 room
--       5 the caller's name   6 a name for this closing of the log
-- Returns {"open", …} if the log is in order by now; else {"closed", position, past, run}: the position of the newest message in the
-- stream, in its epoch, behind which messages may be offered; an empty epoch if there is nothing at all.
local head, log, mend = KEYS[1], KEYS[2], KEYS[3]
local h = read(head)
if in_order(h, log, ARGV[1], tonumber(ARGV[2])) then
  return answer('open', h)
end

local run = process()
local before = redis.call('HGET', mend, 'run')
if h.run ~= '' or before ~= run then
  local restarted = (h.run ~= '' and h.run ~= run or h.run == '' and before) and '1' or '0' -- see reopen.lua
  redis.call('DEL', mend)
  redis.call('HSET', mend, 'run', run, 'repair', ARGV[6], 'restarted', restarted)
  redis.call('PEXPIRE', mend, '60000')
  redis.call('HSET', head, 'run', '')
  redis.call('PUBLISH', ARGV[3], '{"type":"mend","by":"' .. ARGV[5] .. '","epoch":"' .. h.epoch .. '","room":"' .. ARGV[4] .. '"}')
end

local top, payload = newest(log)
if h.epoch == '' and top > 0 then -- the head alone was lost: the last entry knows where the log was
  h.epoch = string.match(payload, '"epoch":"(%x+)"}$') or ''
  redis.call('HSET', head, 'epoch', h.epoch, 'seq', text(top), 'base', '0')
end
return {'closed', h.epoch .. ':' .. text(top), h.past, ''}
