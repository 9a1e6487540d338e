-- Unseals a log in a new epoch, when all subscribed servers that are up have
-- staged what they had, or have had their time. Last step of three.
--
--   KEYS  1 head   2 log: stream   3 `mend`: hash, who has staged
--         4 stage: what was staged   5 built: the stream that becomes the log
--         6 tombs   7 about: see tombs.lua
--         8… ids of staged messages, as far as the previous reply named them
--   ARGV  1 the new epoch   2 the caller's name
--         3 the number of its subscription to the room, empty if it has none
--         4, 5 epoch and seq of the newest message that it knows; empty if none
--         6 "all" if it has staged what it had, "more" if it has something that
--         it has not staged, "?" if that depends on where the log is
--         7 for which servers it does not wait: names, or "*" for all
--         8 gossip channel   9 room   10 length of the stream
--         11 how long to remember an id, ms
--         12 channel   13 how Redis counts its listeners: see subscribed.lua
--         14 1 if the caller listens to it, else 0
--   Returns {"open", head, past, run}; {"closed"} if it has to be sealed again;
--         {"stage"} if the caller has to stage first;
--         {"restoring", …} if there is more to restore: the caller has to pass
--         those keys, which the next call writes; or
--         {"wait", run, repair, restarted, listed, staged, missing, listeners}:
--         the identifier of this repair; who has staged, and which subscribed
--         servers have not, as names; "1" if it was sealed because Redis has
--         restarted; "1" if one that has staged is listed as subscribed; "all"
--         if all listeners of its channel have staged, "nothing" if none of them
--         had anything, else "some"
--
-- Why messages are restored only here: see stage.lua. Why a page at a time:
-- Redis does nothing else while a script runs.
--
-- Why it does not wait for a time by itself: the clock of Redis may be set
-- while it waits. The callers have monotonic clocks.
--
-- Why a subscribed server must be among those that have staged: what Redis has
-- lost may be the very fact that a server is subscribed.
--
-- Why a new epoch even if nothing was lost, as far as can be told: a server
-- that does not reach Redis just now may have received messages that all others
-- have not. In the same epoch their numbers would be used again. In a new one
-- they are not: when that server comes back it sees that the old epoch ended
-- before them, and republishes them.
--
-- Why the numbering goes on: a seq is then one message in the whole log, and a
-- client of an earlier epoch can continue in this one.
local head, log, repair, stage, built = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tombs, about = KEYS[6], KEYS[7]
local fresh, name, request, seen_epoch, seen_seq = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local all, excused, gossip, room = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local h = read(head)
local run = process()
if h.run == run then
  enlist(head, name, request, gossip, room)
  return answer('open', h)
end
if not h.sealed or redis.call('HGET', repair, 'run') ~= run then
  return {'closed'}
end

-- whole reports whether the log has everything that the caller knows, as far as
-- can be seen from here.
local function whole()
  local top = newest(log)
  if seen_epoch == '' then
    return true
  end
  if redis.call('HEXISTS', repair, 'lost') == 1 or lack(h, log, tombs, top, ARGV[10]) ~= 'tail' then
    return false
  end
  return top >= seen_seq and has(h, seen_epoch, seen_seq)
end
if redis.call('HEXISTS', repair, 'by:' .. name) == 0 and (all == 'more' or all == '?' and not whole()) then
  return {'stage'}
end
redis.call('HSET', repair, 'by:' .. name, request)
if ARGV[14] == '1' then
  redis.call('HSET', repair, 'hears:' .. name, '1')
end

local by, staged_by, missing, listed, hearing = {}, {}, {}, '0', 0
local fields = redis.call('HGETALL', repair)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 3) == 'by:' then
    by[string.sub(fields[i], 4)] = fields[i + 1]
    staged_by[#staged_by + 1] = string.sub(fields[i], 4)
  elseif string.sub(fields[i], 1, 6) == 'hears:' then
    hearing = hearing + 1
  end
end
local stays = {}
for n in string.gmatch(excused, '%S+') do
  stays[n] = true
end
fields = redis.call('HKEYS', head)
for _, field in ipairs(fields) do
  if string.sub(field, 1, 9) == 'follower:' then
    local n = string.sub(field, 10)
    if by[n] then
      listed = '1'
    elseif not stays[n] then
      missing[#missing + 1] = n
    end
  end
end
if redis.call('HEXISTS', repair, 'lost') == 1 then
  listed = '0' -- the head was lost, or has begun since: it lists only who came later
end
if excused ~= '*' and (listed == '0' or #missing > 0) then
  local m = redis.call('HMGET', repair, 'repair', 'restarted')
  local listening = 'some'
  if listeners(ARGV[13], ARGV[12]) <= hearing then
    listening = newest(log) == 0 and redis.call('EXISTS', stage) == 0 and 'nothing' or 'all'
  end
  return {'wait', run, m[1] or '', m[2] or '0', listed, table.concat(staged_by, ' '), table.concat(missing, ' '), listening}
end

only('zset', tombs)
only('hash', about)
local ids = {}
for i = 8, #KEYS do
  ids[KEYS[i]] = true
end
local missing_ids = merge(h, log, tombs, about, stage, built, ARGV[11], ARGV[10], ids)
local top, epoch = newest(log)
if top > 0 and not epoch then
  return {'closed'} -- something was appended by hand meanwhile
end
redis.call('HSET', repair, 'top', text(top))
if missing_ids then
  return {'restoring', unpack(missing_ids)}
end
forget_beyond(top, log)

local first, holes = shape(log, tombs, top)
local seq = math.max(h.seq, top)
local past = ends(h.past)
for _, e in ipairs({h.epoch, redis.call('HGET', head, 'empty') or ''}) do
  if e ~= '' then
    past[#past + 1] = {epoch = e, seq = seq}
  end
end
h.past = written(trimmed(past, top > 0 and first or seq + 1))
for _, field in ipairs(fields) do -- servers that are up and were not waited for come again
  if string.sub(field, 1, 9) == 'follower:' then
    redis.call('HDEL', head, field)
  end
end
for n, w in pairs(by) do
  if w ~= '' then
    redis.call('HSET', head, 'follower:' .. n, w)
  end
end
redis.call('HDEL', head, 'begun', 'empty')
redis.call('HSET', head, 'epoch', fresh, 'seq', text(seq), 'base', text(seq), 'past', h.past, 'run', run,
  'top', text(top), 'gone', text(top > 0 and first - 1 or seq), 'holes', text(holes), 'length', ARGV[10])
redis.call('DEL', repair, stage, built)
redis.call('PUBLISH', gossip, '{"type":"mended","room":"' .. room .. '"}')
return answer('open', read(head))
