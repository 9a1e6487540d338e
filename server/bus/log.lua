-- What the scripts that look after a log share. It stands in front of each of them.
--
-- The head of a log is a hash:
--       epoch  of the messages now
--       seq    of the newest message
--       base   seq with which the epoch began
--       past   "<epoch>:<seq> …": where the epochs before ended, oldest first
--       run    which process of Redis the log has been found in order in; empty while it is being mended
--
-- Why run: what Redis keeps on disk may be older than what it had said, and a replica that takes over may lack the newest. Only
-- the servers can know, from what they have heard. So a log is closed in any process of Redis that it has not been opened in
-- by a server which has compared it with what it knows: whoever comes first after a restart cannot give a number a second time.

-- Never let Lua turn a number into text by itself: it would write 1e+15 from fifteen digits on.
local function text(n)
  return string.format('%.0f', n)
end

local function milliseconds()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- process names the process of Redis that this runs in. Where that is refused nothing goes on: without it a restart would not be noticed,
-- and numbers would be given twice.
local function process()
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)')
  if not run then
    local why = type(info) == 'table' and info.err or 'it has no run_id'
    error('INFO server is needed to notice a restart of Redis: ' .. why)
  end
  return run
end

-- newest returns the seq and the payload of the last entry of the stream; 0 if there is none.
local function newest(log)
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  if not last then
    return 0, ''
  end
  return tonumber(string.match(last[1], '^%d+')), last[2][2]
end

-- forget_beyond lets the stream take entries behind top again. It remembers its last id even when that entry is gone, and takes nothing below.
local function forget_beyond(top, log)
  if top == 0 then
    redis.call('DEL', log)
  else
    redis.pcall('XSETID', log, text(top) .. '-0') -- the Redis that is built into the server does not know it
  end
end

local function read(head)
  local h = redis.call('HMGET', head, 'epoch', 'seq', 'base', 'run', 'past')
  return {epoch = h[1] or '', seq = tonumber(h[2] or 0), base = tonumber(h[3] or 0), run = h[4] or '', past = h[5] or ''}
end

-- lifetime returns how long a log stays in Redis that nobody follows.
local function lifetime(h, log, idle, quiet)
  if h.seq == h.base and redis.call('EXISTS', log) == 0 then
    return quiet
  end
  return idle
end

-- keep lets a log stay in Redis for so long at least, ms, and its head as long
-- as its stream. It says whether there is anything of it.
local function keep(head, log, ms)
  local left = {}
  for _, key in ipairs({head, log}) do
    left[key] = redis.call('PTTL', key) -- -1: for ever, which nothing is; -2: there is none
    ms = math.max(ms, left[key])
  end
  for key, l in pairs(left) do
    if l ~= -2 and l ~= ms then
      redis.call('PEXPIRE', key, text(ms))
    end
  end
  return left[head] ~= -2
end

-- in_order says whether the log may be used by a server that has seen it up to seen_seq of seen_epoch.
local function in_order(h, log, seen_epoch, seen_seq)
  if h.epoch == '' or h.run ~= process() then
    return false
  end
  if h.epoch == seen_epoch and h.seq < seen_seq then
    return false -- it has gone back
  end
  return h.seq == h.base or redis.call('XLEN', log) > 0 -- somebody may have deleted the stream alone
end

local function answer(state, h)
  return {state, h.epoch .. ':' .. text(h.seq), h.past, h.run}
end
