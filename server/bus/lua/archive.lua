-- Hands out a part of a room's log to an archiver, or reports how far archiving
-- lags.
--
--   KEYS  1 head   2 log: stream   3 tombs   4 about: see tombs.lua
--   ARGV  1 read: entries that were not handed out; claim: entries that were
--           handed out long ago and are not acknowledged; lag
--         2 name of the consumer   3 maximum number of entries
--         4 what is long ago, ms
--         5 how long an idle consumer is remembered, ms
--         6 length of the stream
--         7 how long an archived log stays in Redis without subscribed servers, ms
--   Returns {group, lost, past, pending, id, payload, id, payload, …}, or for lag
--   {entries not handed out or not acknowledged, 1 if the log has to be read
--   nevertheless, since it is not known to be archived}; {} if there is no
--   stream.
--   pending is the number of entries that are not acknowledged.
--   past is where the log's earlier epochs ended. It may be empty if no entry is
--   handed out. The payload of an entry without one is empty.
--   lost is how many entries left the stream before they were handed out, or
--   before they were acknowledged by a consumer that is not known to be alive.
--
-- Why a read may claim: entries that were handed out to a consumer that died
-- stay in the stream until as many others have come as it can hold. At many
-- messages a second that is sooner than "long ago". So old entries go to the
-- next consumer that reads, unless they were handed out within the last second.
--
-- Why the name of the group contains the epoch: wherever the log may have gone
-- back, so that entries come again which the group has passed, it gets a new
-- epoch (unseal.lua), and the new group starts at the beginning of the stream.
-- Archived messages are handed out again, which costs little and does no harm.
-- Setting back one group could lose a message: an acknowledgement of the 98
-- before would count for the 98 after.
--
-- Why also the last id: a stream may be set back by hand, without a new epoch.
--
-- A deleted entry is not in the stream; what stands for it is in tombs. That is
-- handed out together with the entry that follows it, of which there always is
-- one, and where the deleted entry itself was handed out before.
local head, log, tombs, about = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local mode, caller, count = ARGV[1], ARGV[2], ARGV[3]

local function seq(id)
  return tonumber(string.match(id, '^%d+'))
end

local function text(n)
  return string.format('%.0f', n)
end

local function fields(list)
  local t = {}
  for i = 1, #list, 2 do
    t[list[i]] = list[i + 1]
  end
  return t
end

if redis.call('EXISTS', log) == 0 then
  return {}
end
local name = 'archive:' .. (redis.call('HGET', head, 'epoch') or '')
local last = seq(fields(redis.call('XINFO', 'STREAM', log))['last-generated-id'])

local group, seen, old = nil, 0, {}
for _, list in ipairs(redis.call('XINFO', 'GROUPS', log)) do
  local g = fields(list)
  if string.sub(g.name, 1, 8) == 'archive:' then
    local at = seq(g['last-delivered-id'])
    seen = math.max(seen, at)
    if g.name == name and at <= last then
      group = {at = at, pending = tonumber(g.pending)}
    else
      old[#old + 1] = g.name
    end
  end
end
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', '1')[1]
first = first and seq(first[1]) or 0

local function tomb(n)
  return redis.call('ZRANGEBYSCORE', tombs, text(n), text(n))[1]
end
local deleted = redis.call('ZCARD', tombs) > 0
while deleted and first > 1 and tomb(first - 1) do
  first = first - 1
end

if mode == 'lag' then
  local length = redis.call('XLEN', log)
  if not group or length == 0 then
    return {length, group and 0 or 1}
  end
  local left = redis.call('PTTL', log)
  local top = seq(redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1][1])
  return {math.min(length, math.max(0, top - math.max(group.at, first - 1)) + group.pending),
    (left == -1 or left > tonumber(ARGV[7])) and 1 or 0}
end

local trimmed = 0
if not group then
  for _, g in ipairs(old) do
    if first > 1 then -- the rest is handed out again
      local gone = redis.call('XPENDING', log, g, 'IDLE', '1000', '-', text(first - 1), text(first))
      trimmed = trimmed + #gone
    end
    redis.call('XGROUP', 'DESTROY', log, g)
  end
  redis.call('XGROUP', 'CREATE', log, name, '0')
end

local lost = trimmed
if seen > 0 and first > seen + 1 and (mode == 'read' or not group) then
  lost = lost + first - seen - 1
end

-- behind returns the id right after another one. The embedded Redis does not
-- support '(id'.
local function behind(id)
  local major, minor = string.match(id, '^(%d+)-(%d+)$')
  return major .. '-' .. text(tonumber(minor) + 1)
end

-- claim hands out entries that others have had for so long. Entries that are no
-- longer in the stream are lost.
local function claim(idle)
  local entries, from = {}, '-'
  repeat
    local page = redis.call('XPENDING', log, name, 'IDLE', idle, from, '+', count)
    local ids, gone = {}, {}
    for _, p in ipairs(page) do
      local there = first > 0 and seq(p[1]) >= first
      local stands = deleted and tomb(seq(p[1]))
      if stands then -- it stays pending, since what is not in the stream cannot be claimed
        entries[#entries + 1] = {p[1], {'m', stands}}
      else
        table.insert(there and ids or gone, p[1])
      end
      from = behind(p[1])
    end
    if #ids > 0 then
      local claimed = {}
      for _, e in ipairs(redis.call('XCLAIM', log, name, caller, idle, unpack(ids))) do
        claimed[e[1]] = true
        entries[#entries + 1] = e
      end
      for _, id in ipairs(ids) do
        if not claimed[id] then
          gone[#gone + 1] = id -- it was deleted
        end
      end
    end
    if #gone > 0 then
      redis.call('XACK', log, name, unpack(gone))
      lost = lost + #gone
    end
  until #entries > 0 or #page < tonumber(count)
  return entries
end

local entries = {}
if mode == 'read' then
  local oldest = redis.call('XPENDING', log, name)[2]
  if oldest and last - seq(oldest) > tonumber(ARGV[6]) / 4 then
    entries = claim('1000')
  end
  if #entries == 0 then
    local streams = redis.call('XREADGROUP', 'GROUP', name, caller, 'COUNT', count, 'STREAMS', log, '>')
    entries = streams and streams[1] and streams[1][2] or {}
  end
else
  -- Idle is what the clock says. If it was set back since the last claim, what
  -- was handed out before that would not be idle for as long; it may have left
  -- the stream by then. So all of it is handed out again.
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local h = redis.call('HMGET', head, 'epoch', 'claimed')
  local back = now < tonumber(h[2] or 0)
  entries = claim(back and '0' or ARGV[4])
  if h[1] and not (back and #entries >= tonumber(count)) then
    redis.call('HSET', head, 'claimed', text(now))
  end
  for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', log, name)) do
    local c = fields(list)
    if c.name ~= caller and tonumber(c.pending) == 0 and tonumber(c.idle) > tonumber(ARGV[5]) then
      redis.call('XGROUP', 'DELCONSUMER', log, name, c.name)
    end
  end
end

-- A message keeps its log for long, so that it can be archived. Now it is.
local pending = redis.call('XPENDING', log, name)[1]
if mode == 'read' and #entries == 0 and pending == 0 then
  local left = redis.call('PTTL', log)
  if left == -1 or left > tonumber(ARGV[7]) then
    for _, key in ipairs({head, log, tombs, about}) do
      redis.call('PEXPIRE', key, ARGV[7])
    end
  end
end

local past = (#entries > 0 or not group) and redis.call('HGET', head, 'past') or ''
local out = {name, text(lost), past, text(pending)}
local given = {}
for _, e in ipairs(entries) do
  if e and e[2] then
    local before, n = {}, seq(e[1]) - 1
    given[n + 1] = true
    while deleted and not given[n] and tomb(n) do
      table.insert(before, 1, tomb(n))
      given[n] = true
      n = n - 1
    end
    for i, stands in ipairs(before) do
      out[#out + 1] = text(n + i) .. '-0'
      out[#out + 1] = stands
    end
    out[#out + 1] = e[1]
    out[#out + 1] = fields(e[2]).m or ''
  end
end
return out
