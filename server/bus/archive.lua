-- Hands a part of a room's log to one of those who archive it, or says how far they are behind.
--
-- KEYS  1 head   2 log: stream
-- ARGV  1 read: what nobody was handed yet; claim: what somebody was handed long ago and has not acknowledged; lag
--       2 name of the caller   3 how many entries at most   4 what is long ago, ms   5 how long a caller is remembered who has nothing, ms
-- Returns {group, lost, past, id, payload, id, payload, …}, or of lag {entries not handed out or not acknowledged}; {} if there is no stream.
-- past is where the log's earlier epochs ended. It may be empty where no entry is handed out.
-- lost is how many entries left the stream before anybody was handed them. The payload of an entry that has none is empty.
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
    return {length}
  end
  local top = seq(redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1][1])
  return {math.min(length, math.max(0, top - math.max(group.at, first - 1)) + group.pending)}
end

if not group then
  for _, g in ipairs(old) do
    redis.call('XGROUP', 'DESTROY', log, g)
  end
  redis.call('XGROUP', 'CREATE', log, name, '0')
end

local entries = {}
if mode == 'read' then
  local streams = redis.call('XREADGROUP', 'GROUP', name, caller, 'COUNT', count, 'STREAMS', log, '>')
  entries = streams and streams[1] and streams[1][2] or {}
else
  local from = '0-0'
  repeat
    local page = redis.call('XAUTOCLAIM', log, name, caller, ARGV[4], from, 'COUNT', count)
    from, entries = page[1], page[2]
  until #entries > 0 or from == '0-0'
  for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', log, name)) do
    local c = fields(list)
    if c.name ~= caller and tonumber(c.pending) == 0 and tonumber(c.idle) > tonumber(ARGV[5]) then
      redis.call('XGROUP', 'DELCONSUMER', log, name, c.name)
    end
  end
end

local lost = 0
if mode == 'read' and seen > 0 and first > seen + 1 then
  lost = first - seen - 1
end
local past = (#entries > 0 or not group) and redis.call('HGET', head, 'past') or ''
local out = {name, string.format('%.0f', lost), past}
for _, e in ipairs(entries) do
  if e and e[2] then
    out[#out + 1] = e[1]
    out[#out + 1] = fields(e[2]).m or ''
  end
end
return out
