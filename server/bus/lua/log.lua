-- Shared by the scripts that look after logs; it precedes each of them.
--
-- The head of a log is a hash:
--       epoch  the present epoch
--       seq    of the newest message
--       base   seq with which the epoch began
--       top    newest entry of the stream when the epoch began; 0 if none
--       gone   up to where the stream had no entries when the epoch began
--       holes  how many entries were missing after that
--       length to which the server that trims it shortest trims the stream
--       begun  1 while the epoch is the first, and nothing was repaired since
--       empty  while the log is closed: a first epoch without messages
--       claimed  when archive.lua last looked for entries handed out long ago, ms
--       past   "<epoch>:<seq> …": where the earlier epochs ended, oldest first
--       run    process of Redis in which the log was found intact; empty while
--              it is sealed
--
-- Why run: the data that Redis has on disk may be older than what it had
-- acknowledged, and a replica that takes over may lack the newest. Only the
-- servers can know, from what they have received. So a log is closed in any
-- process of Redis in which no server has compared it with what it knows: the
-- first one after a restart cannot use a number a second time.

-- Never let Lua convert a number to text: from fifteen digits on it writes
-- 1e+15.
local function text(n)
  return string.format('%.0f', n)
end

local function milliseconds()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- epoch_of returns the epoch of an entry of the stream; nil if none of our
-- scripts has written it. chat/payload.go has the format.
local function epoch_of(entry)
  local payload = entry[2][2] or ''
  local seq = string.match(payload, '^{"type":"%l+","seq":(%d+),')
  return seq and seq .. '-0' == entry[1] and string.match(payload, ',"epoch":"(%x+)"}$') or nil
end

local function seq_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

-- newest returns the seq and the epoch of the last entry of the stream: 0 if
-- there is none, no epoch if it is not ours.
local function newest(log)
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  if not last then
    return 0
  end
  return seq_of(last), epoch_of(last)
end

-- entry returns the first entry of the stream from seq on.
local function entry(log, seq)
  return redis.call('XRANGE', log, text(seq) .. '-0', '+', 'COUNT', '1')[1]
end

-- forget_beyond lets the stream accept entries after top again. A stream
-- remembers its last id even when that entry is gone, and accepts no lower one.
local function forget_beyond(top, log)
  if top == 0 then
    redis.call('DEL', log)
  else
    redis.pcall('XSETID', log, text(top) .. '-0') -- the embedded Redis does not support it
  end
end

-- only deletes a key of another type: what was there is lost, and commands on
-- it would fail.
local function only(kind, key)
  local found = redis.call('TYPE', key)
  found = type(found) == 'table' and found.ok or found
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', key)
  end
end

local function read(head)
  local h = redis.call('HMGET', head, 'epoch', 'seq', 'base', 'run', 'past', 'top', 'gone', 'holes', 'begun', 'length')
  return {
    epoch = h[1] or '', seq = tonumber(h[2] or '') or 0, base = tonumber(h[3] or '') or 0, run = h[4] or '', past = h[5] or '',
    sealed = h[4] == '', -- as opposed to: there is no head
    top = tonumber(h[6] or ''), gone = tonumber(h[7] or '') or 0, holes = tonumber(h[8] or '') or 0, begun = h[9] == '1',
    length = tonumber(h[10] or ''),
  }
end

-- ends returns the epochs of past, oldest first, and where each of them ended
-- by its name.
local function ends(past)
  local list, by = {}, {}
  for epoch, seq in string.gmatch(past, '(%x+):(%d+)') do
    list[#list + 1] = {epoch = epoch, seq = tonumber(seq)}
    by[epoch] = tonumber(seq)
  end
  return list, by
end

local function written(list)
  local words = {}
  for i, e in ipairs(list) do
    words[i] = e.epoch .. ':' .. text(e.seq)
  end
  return table.concat(words, ' ')
end

-- has reports whether a log has a message, by its epochs.
local function has(l, epoch, seq)
  if epoch == l.epoch then
    return true
  end
  local _, by = ends(l.past)
  return by[epoch] ~= nil and seq <= by[epoch]
end

-- lifetime returns how long a log stays in Redis without subscribed servers.
local function lifetime(h, log, idle, quiet)
  if h.seq == h.base and redis.call('EXISTS', log) == 0 then
    return quiet
  end
  return idle
end

-- keep lets a log stay in Redis for so long at least, ms, and its other keys as
-- long as its stream. It says whether there is anything of it.
local function keep(head, log, ms, tombs, about)
  local left = {}
  for _, key in ipairs({head, log, tombs, about}) do
    left[key] = redis.call('PTTL', key) -- -1: no expiry, which should not be; -2: there is none
    ms = math.max(ms, left[key])
  end
  for key, l in pairs(left) do
    if l ~= -2 and l ~= ms then
      redis.call('PEXPIRE', key, text(ms))
    end
  end
  return left[head] ~= -2
end

-- goes_on_from reports whether the stream accepts entries from after seq on. It
-- remembers the id of its last entry, which may have been set by hand.
local function goes_on_from(log, seq)
  local info = redis.pcall('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return info[i + 1] == text(seq) .. '-0'
    end
  end
  return true -- there is no stream
end

-- entries returns how many entries the stream has had since it was last found
-- intact.
local function entries(h)
  local before = (h.top or 0) > 0 and h.top - h.gone - h.holes or 0
  return before + h.seq - h.base
end

-- in_order reports whether the log may be used by a server that has seen it up
-- to seen_seq of seen_epoch. If seen_past, the past of that epoch, is given:
-- also whether the log is not back in an earlier epoch.
local function in_order(h, log, tombs, seen_epoch, seen_seq, seen_past)
  if h.epoch == '' or h.run ~= process() then
    return false
  end
  if h.epoch == seen_epoch and h.seq < seen_seq then
    return false -- it has gone back
  end
  if seen_past and not has(h, seen_epoch, seen_seq) and has({epoch = seen_epoch, past = seen_past}, h.epoch, h.seq) then
    return false
  end
  if h.begun and h.seq == h.base and seen_epoch ~= '' and not has(h, seen_epoch, seen_seq) then
    return false -- begun by a server that knew nothing, while others do; it has no message yet
  end
  local top, epoch = newest(log) -- the stream alone may have been deleted, or one of the two set back
  local want = math.min(entries(h), h.length or 0)
  local have = redis.call('XLEN', log)
  if have < want and have + redis.call('ZCOUNT', tombs, text(top - want + 1), '+inf') < want then
    return false
  end
  if h.seq == h.base then
    return (h.top == nil or top == h.top) and goes_on_from(log, top) -- nil: written by an earlier version
  end
  return top == h.seq and epoch == h.epoch and goes_on_from(log, top)
end

local function answer(state, h)
  return {state, h.epoch .. ':' .. text(h.seq), h.past, h.run}
end
