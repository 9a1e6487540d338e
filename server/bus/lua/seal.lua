-- Seals a log that is not intact, and tells all servers, so that each stages
-- what the log lacks. First step of three.
--
--   KEYS  1 head   2 log: stream   3 `mend`: hash, who has staged
--         4 stage: what was staged   5 built: the stream that becomes the log
--         6 tombs: see tombs.lua
--   ARGV  1, 2 epoch and seq of the newest message that the caller knows; empty
--         if none   3 gossip channel   4 room   5 the caller's name
--         6 an identifier of this repair   7 length of the stream
--         8 past of the epoch that the caller knows
--   Returns {"open", …} if the log is intact by now, else {"closed", position,
--         past, run, lack, first}: the position of the newest message in the
--         stream, in its epoch, empty if there is none; what it lacks: "tail" if
--         only what comes after that, "front" if also what came before first,
--         "all" if there are holes, too.
--
-- Why a first epoch without messages is set aside: servers know what came
-- before it, and their messages go in under the numbers that they had. The new
-- epoch comes after them; no server has a message of it.
local head, log, repair, stage, built = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tombs = KEYS[6]
only('hash', head)
only('stream', log)
only('hash', repair)
local h = read(head)
if in_order(h, log, tombs, ARGV[1], tonumber(ARGV[2]), ARGV[8]) then
  return answer('open', h)
end

-- Entries appended by hand have raised the numbers. Only some at a time: there
-- is another round.
for _ = 1, 1000 do
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  if not last or epoch_of(last) then
    break
  end
  redis.call('XDEL', log, last[1])
end
local top, epoch = newest(log)

local run, was = process(), h.epoch
local m = redis.call('HMGET', repair, 'run', 'top')
if not h.sealed or m[1] ~= run or top < (tonumber(m[2] or '') or 0) then -- the last: it was deleted during the repair
  local restarted = (h.run ~= '' and h.run ~= run or h.sealed and m[1]) and '1' or '0' -- see unseal.lua
  redis.call('DEL', repair, stage, built)
  redis.call('HSET', repair, 'run', run, 'repair', ARGV[6], 'restarted', restarted, 'top', text(top))
  redis.call('PEXPIRE', repair, '60000')
  if h.begun and h.seq == h.base then
    local list = ends(h.past)
    local before = table.remove(list)
    if not h.sealed then -- else it began closed, and no client has that epoch
      redis.call('HSET', head, 'empty', h.epoch)
    end
    redis.call('HSET', repair, 'lost', '1')
    h.epoch, h.past = before and before.epoch or '', written(list)
  end
  if h.epoch == '' then
    redis.call('HSET', repair, 'lost', '1') -- only servers know what it held
    if top > 0 then -- only the head was lost: the last entry shows where the log was
      h.epoch, h.seq = epoch or '', top
    end
  end
  h.past = with_epochs_of(h, log, top)
  redis.call('HDEL', head, 'begun')
  redis.call('HSET', head, 'run', '', 'epoch', h.epoch, 'seq', text(h.seq), 'base', text(h.base), 'past', h.past)
  redis.call('PUBLISH', ARGV[3], '{"type":"mend","by":"' .. ARGV[5] .. '","epoch":"' .. was .. '","room":"' .. ARGV[4] .. '"}')
end

local first = shape(log, tombs, top)
return {'closed', h.epoch .. ':' .. text(top), h.past, '', lack(h, log, tombs, top, ARGV[7]), text(first)}
