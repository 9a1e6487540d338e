-- Hands a part of a room's log to one of those who archive it, or says how far
-- they are behind.
--
-- KEYS  1 head   2 log: stream
-- ARGV  1 read: what nobody was handed yet; claim: what somebody was handed
--         long ago and has not acknowledged; lag
--       2 name of the caller   3 how many entries at most
--       4 what is long ago, ms
--       5 how long a caller is remembered who has nothing, ms
--       6 length of the stream
--       7 how long an archived log stays in Redis that nobody follows, ms
-- Returns {group, lost, past, pending, id, payload, id, payload, …}, or of lag
-- {entries not handed out or not acknowledged, 1 if the log is to be read
-- nevertheless, since nobody has seen that it is archived}; {} if there is no
-- stream.
-- pending is how many entries somebody was handed and has not acknowledged.
-- past is where the log's earlier epochs ended. It may be empty where no entry
-- is handed out. The payload of an entry that has none is empty.
-- lost is how many entries left the stream before anybody was handed them, or
-- before somebody who was had acknowledged them, and is not known to live.
--
-- Why a read may claim: what was handed to somebody who died is in the stream
-- until so many others have come as it can hold. At many messages a second that
-- is less than `long ago`. So what is old in the stream goes to whoever reads
-- next, unless it was handed out within the last second.
--
-- Why the group bears the epoch in its name: wherever the log may have gone back, so that entries come again behind which the group
-- already is, it gets a new epoch (reopen.lua), and the new group starts at the beginning of the stream. What was archived before is handed
-- out again, which costs a little and harms nothing. Setting one group back would be no better, and could lose a message: an
-- acknowledgement of the 98 that was before would count for the 98 that came after.
--
-- Why also the last id: somebody may set a stream back by hand, and then there is no new epoch.
local head, log = KEYS[1], KEYS[2]
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
    if first > 1 then -- the rest comes again
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

-- behind returns the id right behind another one. The Redis that is built into
-- the server does not know it as '(id'.
local function behind(id)
  local major, minor = string.match(id, '^(%d+)-(%d+)$')
  return major .. '-' .. text(tonumber(minor) + 1)
end

-- claim hands the caller what others have had for so long. What is no longer in
-- the stream nobody can be handed.
local function claim(idle)
  local entries, from = {}, '-'
  repeat
    local page = redis.call('XPENDING', log, name, 'IDLE', idle, from, '+', count)
    local ids, gone = {}, {}
    for _, p in ipairs(page) do
      local there = first > 0 and seq(p[1]) >= first
      table.insert(there and ids or gone, p[1])
      from = behind(p[1])
    end
    if #ids > 0 then
      entries = redis.call('XCLAIM', log, name, caller, idle, unpack(ids))
      local claimed = {}
      for _, e in ipairs(entries) do
        claimed[e[1]] = true
      end
      for _, id in ipairs(ids) do
        if not claimed[id] then
          gone[#gone + 1] = id -- somebody has deleted it
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
  entries = claim(ARGV[4])
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
    redis.call('PEXPIRE', head, ARGV[7])
    redis.call('PEXPIRE', log, ARGV[7])
  end
end

local past = (#entries > 0 or not group) and redis.call('HGET', head, 'past') or ''
local out = {name, text(lost), past, text(pending)}
for _, e in ipairs(entries) do
  if e and e[2] then
    out[#out + 1] = e[1]
    out[#out + 1] = fields(e[2]).m or ''
  end
end
return out
