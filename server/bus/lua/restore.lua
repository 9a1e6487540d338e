-- Merges what servers know of a log. It follows log.lua and tombs.lua, and
-- precedes the scripts of the repair.

-- most (chat.MaxEpochs) is how many epochs a log remembers; more than few only
-- while the stream has messages of them.
local most, few = 256, 16

-- together merges two histories, in order; newer is right about what came after
-- what.
local function together(newer, older)
  local list, at = {}, {}
  for i, e in ipairs(newer) do
    list[i], at[e.epoch] = {epoch = e.epoch, seq = e.seq}, i
  end
  for _, e in ipairs(older) do
    local known = at[e.epoch] and list[at[e.epoch]]
    if known then
      known.seq = math.max(known.seq, e.seq)
    end
  end
  for i = #older, 1, -1 do
    local e = older[i]
    if not at[e.epoch] then
      local before = 1
      while list[before] and list[before].seq < e.seq do
        before = before + 1
      end
      table.insert(list, before, {epoch = e.epoch, seq = e.seq})
    end
  end
  return list
end

-- shape returns the first seq of the log, whose newest is top, and how many
-- entries are missing after it; top + 1 if there is none. Tombstones right
-- before the first of the stream belong to it.
local function shape(log, tombs, top)
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', '1')[1]
  if not first then
    return top + 1, 0
  end
  local seq, have = seq_of(first), redis.call('XLEN', log)
  have = have + redis.call('ZCOUNT', tombs, text(seq), text(top))
  while redis.call('ZCOUNT', tombs, text(seq - 1), text(seq - 1)) > 0 do
    seq, have = seq - 1, have + 1
  end
  return seq, math.max(0, top - seq + 1 - have)
end

-- lack says what the stream had when the log was last found intact and has lost
-- since, other than by trimming: see seal.lua.
local function lack(h, log, tombs, top, maxlen)
  local first, holes = shape(log, tombs, top)
  if holes > h.holes then
    return 'all'
  end
  if first > h.gone + 1 and redis.call('XLEN', log) < tonumber(maxlen) then
    return 'front'
  end
  return 'tail'
end

-- with_epochs_of returns the past of h with the epochs of which the stream has
-- messages. It searches the stream only if the oldest is not known. Each epoch
-- is one range of it, so its end is found by bisection.
local function with_epochs_of(h, log, top)
  local list, by = ends(h.past)
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', '1')[1]
  local oldest = first and epoch_of(first)
  if not oldest or oldest == h.epoch or by[oldest] or #list >= most then
    return h.past
  end
  local found, from = {}, seq_of(first)
  while from <= top and #found < most do
    local e = entry(log, from)
    local epoch, lo, hi = epoch_of(e), seq_of(e), top + 1
    while hi - lo > 1 do
      local middle = math.floor((lo + hi) / 2)
      local at = entry(log, middle)
      if at and epoch_of(at) == epoch then
        lo = seq_of(at)
      else
        hi = middle
      end
    end
    if epoch and epoch ~= h.epoch then
      found[#found + 1] = {epoch = epoch, seq = lo}
    end
    from = lo + 1
  end
  return written(together(list, found))
end

-- trimmed drops the oldest epochs of a history that is too long. first is the
-- first message of the stream.
local function trimmed(list, first)
  while #list > most or #list > few and list[1].seq < first do
    table.remove(list, 1)
  end
  return list
end

-- joined merges into h what a server knows of the log: an epoch, where it is in
-- it, and the past of that. false: it is of another log. Whichever of the two
-- has the newest message of the other is the newer.
local function joined(h, epoch, seq, past)
  local s = {epoch = epoch, past = past}
  local mine, theirs = ends(h.past), ends(past)
  if h.epoch == '' or has(s, h.epoch, h.seq) then
    h.past = written(together(theirs, mine))
    h.epoch, h.seq = epoch, math.max(h.seq, seq)
  elseif has(h, epoch, seq) then
    h.past = written(together(mine, theirs))
  else
    return false
  end
  return true
end

-- belongs reports whether an entry is part of the log h. by is where its epochs
-- ended. For epochs that are no longer remembered the oldest one that is
-- decides.
local function belongs(h, list, by, epoch, seq)
  if epoch == h.epoch then
    return true
  end
  if by[epoch] then
    return seq <= by[epoch]
  end
  return #list >= most and seq <= list[1].seq
end

local function remember(item, seq, ttl)
  redis.call('SET', item.id, item.epoch .. ':' .. text(seq) .. ' ' .. item.digest, 'PX', ttl)
end

-- staged reads a page of staged messages, from seq on: one for each seq, in
-- order. It ends before the first whose id is not in KEYS. The second result
-- says whether there may be more.
local function staged(stage, seq, page, ids)
  local list = {}
  local raw = redis.call('ZRANGEBYSCORE', stage, text(seq), '+inf', 'WITHSCORES', 'LIMIT', '0', text(page))
  for i = 1, #raw, 2 do
    local at = tonumber(raw[i + 1])
    if #list == 0 or list[#list].seq ~= at then
      local epoch, id, digest, payload = string.match(raw[i], '^%d (%S+) (%S+) (%S*) (.*)$')
      if not ids[id] then
        return list, true
      end
      list[#list + 1] = {seq = at, epoch = epoch, id = id, digest = digest, payload = payload}
    end
  end
  return list, #raw / 2 == page
end

-- staged_ids returns the keys of the ids in the page that staged reads from seq
-- on.
local function staged_ids(stage, seq, page)
  local list, last = {}, nil
  local raw = redis.call('ZRANGEBYSCORE', stage, text(seq), '+inf', 'WITHSCORES', 'LIMIT', '0', text(page))
  for i = 1, #raw, 2 do
    if raw[i + 1] ~= last then
      last = raw[i + 1]
      list[#list + 1] = string.match(raw[i], '^%d %S+ (%S+) ')
    end
  end
  return list
end

-- append moves a page of staged messages, all newer than the log, into the log.
local function append(h, log, tombs, about, stage, ttl, maxlen, page, ids)
  local list, by = ends(h.past)
  local items = staged(stage, 0, page, ids)
  for _, item in ipairs(items) do
    if belongs(h, list, by, item.epoch, item.seq) then
      item.payload = is_feed(about) and kept(about, item.payload) or item.payload
      redis.call('XADD', log, 'MAXLEN', '~', maxlen, text(item.seq) .. '-0', 'm', item.payload)
      remember(item, item.seq, ttl)
      heed(log, tombs, about, item.payload)
    end
    redis.call('ZREMRANGEBYSCORE', stage, text(item.seq), text(item.seq))
  end
end

-- build copies a page of the log and of the staged messages, in order, into a
-- new stream: a stream accepts no entries before its last. When there are no
-- more, that stream becomes the log.
local function build(h, log, tombs, about, stage, built, ttl, maxlen, page, ids)
  local list, by = ends(h.past)
  local from = newest(built) + 1
  local items, more = staged(stage, from, page, ids)
  local old = redis.call('XRANGE', log, text(from) .. '-0', '+', 'COUNT', text(page))
  local i, o, n = 1, 1, 0
  while n < page and (items[i] or old[o]) do
    if items[i] == nil and more or old[o] == nil and #old == page then
      break -- the next page may have what comes first
    end
    local item, e = items[i], old[o]
    if e and (not item or seq_of(e) <= item.seq) then
      if epoch_of(e) then
        redis.call('XADD', built, 'MAXLEN', '~', maxlen, e[1], 'm', e[2][2])
        n = n + 1
      else
        redis.call('XDEL', log, e[1])
      end
      o = o + 1
      if item and item.seq == seq_of(e) then
        i = i + 1
      end
    else
      if belongs(h, list, by, item.epoch, item.seq) then
        item.payload = is_feed(about) and kept(about, item.payload) or item.payload
        redis.call('XADD', built, 'MAXLEN', '~', maxlen, text(item.seq) .. '-0', 'm', item.payload)
        remember(item, item.seq, ttl)
        heed(built, tombs, about, item.payload)
        n = n + 1
      else
        redis.call('ZREMRANGEBYSCORE', stage, text(item.seq), text(item.seq))
      end
      i = i + 1
    end
  end
  redis.call('PEXPIRE', built, '60000')
  if items[i] or old[o] or more or #old == page then
    return
  end
  if redis.call('EXISTS', built) == 1 then
    local left = redis.call('PTTL', log)
    redis.call('RENAME', built, log)
    if left > 0 then
      redis.call('PEXPIRE', log, text(left))
    else
      redis.call('PERSIST', log) -- subscribed servers and publishers set an expiry
    end
  end
  redis.call('DEL', stage)
end

-- merge moves staged messages into the log, a page at a time. ids is the set of
-- keys of ids in KEYS. It returns nil when all are in the log, else the keys
-- that the next page needs.
local function merge(h, log, tombs, about, stage, built, ttl, maxlen, ids)
  local page = 500
  if is_feed(log) then
    index_feed(log, about)
  end
  local first = redis.call('ZRANGE', stage, '0', '0', 'WITHSCORES')
  if #first == 0 then
    return nil
  end
  local top = newest(log)
  if redis.call('EXISTS', built) == 0 and tonumber(first[2]) > top then
    forget_beyond(top, log)
    append(h, log, tombs, about, stage, ttl, maxlen, page, ids)
    if redis.call('EXISTS', stage) == 0 then
      return nil
    end
    return staged_ids(stage, 0, page)
  end
  build(h, log, tombs, about, stage, built, ttl, maxlen, page, ids)
  if redis.call('EXISTS', stage) == 0 then
    return nil
  end
  return staged_ids(stage, newest(built) + 1, page)
end
