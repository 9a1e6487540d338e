-- Closes a log that is not in order, and tells all servers, so that each offers what the log lacks. First step of three.
--
-- KEYS  1 head   2 log: stream   3 mend: hash, who has offered   4 stage: what was offered   5 built: the stream that becomes the log
-- ARGV  1, 2 epoch and seq of the newest message that the caller knows; empty if none   3 side channel   4 room   5 the caller's name
--       6 a name for this closing of the log   7 length of the stream   8 past of the epoch that the caller knows
-- Returns {"open", …} if the log is in order by now; else {"closed", position, past, run, lack, first}: the position of the newest message in
--       the stream, in its epoch, empty if there is nothing at all; what it lacks: "tail" if only what is behind that, "front" if also
--       what was before first, "all" if there are holes, too.
--
-- Why an empty epoch that has begun the log is set aside: servers know what was before it, and their messages go in under the numbers that they
-- had. The new epoch then is one that came behind them; nobody has a message of it.
local head, log, mend, stage, built = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
only('hash', head)
only('stream', log)
only('hash', mend)
local h = read(head)
if in_order(h, log, ARGV[1], tonumber(ARGV[2]), ARGV[8]) then
  return answer('open', h)
end

-- Whoever put entries at the end by hand has raised the numbers with them. Some at a time: there is another round.
for _ = 1, 1000 do
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  if not last or epoch_of(last) then
    break
  end
  redis.call('XDEL', log, last[1])
end
local top, epoch = newest(log)

local run, was = process(), h.epoch
local m = redis.call('HMGET', mend, 'run', 'top')
if not h.sealed or m[1] ~= run or top < (tonumber(m[2] or '') or 0) then -- the last: it was deleted while it was being mended
  local restarted = (h.run ~= '' and h.run ~= run or h.sealed and m[1]) and '1' or '0' -- see reopen.lua
  redis.call('DEL', mend, stage, built)
  redis.call('HSET', mend, 'run', run, 'repair', ARGV[6], 'restarted', restarted, 'top', text(top))
  redis.call('PEXPIRE', mend, '60000')
  if h.begun and h.seq == h.base then
    local list = ends(h.past)
    local before = table.remove(list)
    if not h.sealed then -- else it was begun closed, and nobody was given that epoch
      redis.call('HSET', head, 'empty', h.epoch)
    end
    redis.call('HSET', mend, 'lost', '1')
    h.epoch, h.past = before and before.epoch or '', written(list)
  end
  if h.epoch == '' then
    redis.call('HSET', mend, 'lost', '1') -- with it went what only servers know
    if top > 0 then -- the head alone was lost: the last entry knows where the log was
      h.epoch, h.seq = epoch or '', top
    end
  end
  h.past = with_epochs_of(h, log, top)
  redis.call('HDEL', head, 'begun')
  redis.call('HSET', head, 'run', '', 'epoch', h.epoch, 'seq', text(h.seq), 'base', text(h.base), 'past', h.past)
  redis.call('PUBLISH', ARGV[3], '{"type":"mend","by":"' .. ARGV[5] .. '","epoch":"' .. was .. '","room":"' .. ARGV[4] .. '"}')
end

local first = shape(log, top)
return {'closed', h.epoch .. ':' .. text(top), h.past, '', lack(h, log, top, ARGV[7]), text(first)}
