-- Functions about tombstones, which stand in the place of deleted entries. This
-- text precedes the scripts that publish in logs and repair them.
--
-- The entries of a stream cannot be changed. So those that a delete changes are
-- removed from the stream, and what stands for them is in a set beside it. Both
-- together are the log; whoever reads it merges them. The newest entry of a
-- stream is never removed, since the delete follows what it deletes.
--
--   tombs  sorted set: what stands for removed entries, by seq
--   about  hash: by the id of a message, the seqs of the entries about it; in a
--          feed those of its events, or "d" and the seq of its delete, and under
--          '' a 1 once all are noted

-- stands_at returns the payload at a seq of the log; nil if there is none.
local function stands_at(log, tombs, seq)
  local e = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  return e and e[2][2] or redis.call('ZRANGEBYSCORE', tombs, seq, seq)[1]
end

-- writer returns the author and the session of a payload or a body. They come
-- before anything that a client chooses but the id.
local function writer(entry)
  return string.match(entry, ',"author":"([^"]*)","name":"') or '', string.match(entry, ',"session":"([^"]*)"') or ''
end

local function same_writer(a, b)
  local author, session = writer(a)
  local author2, session2 = writer(b)
  return author == author2 and (author ~= '' or session == session2)
end

-- target_of returns seq and id of the message that an entry is about. In the
-- JSON of a string there is no quote without a backslash, so `,"target":{` is a
-- member; it is the first after the text.
local function target_of(entry)
  return string.match(entry, ',"target":{"seq":(%d+),"id":"([^"]+)"}')
end

-- is_for says whether a delete may be about an entry of the message at a seq, a
-- text: Message.isFor of chat/delete.go does the same.
local function is_for(entry, by, seq)
  return same_writer(entry, by) or writer(by) == '@' and target_of(by) == seq
end

-- tombstone returns what stands for the payload of a message or an edit, as
-- Message.After of chat/delete.go does.
local function tombstone(payload, more)
  local at = string.find(payload, ',"text":"', 1, true)
  local head = string.gsub(string.sub(payload, 1, at - 1), '^{"type":"%l+"', '{"type":"tombstone"')
  return head .. more .. string.match(payload, ',"at":%d+,"epoch":"%x+"}$')
end

-- closing returns where the JSON string ends that begins before i.
local function closing(s, i)
  while true do
    i = string.find(s, '["\\]', i)
    if string.sub(s, i, i) == '"' then
      return i
    end
    i = i + 2
  end
end

-- answers returns seq and id of the message that a message answers.
local function answers(entry)
  return string.match(entry, ',"reply":{"seq":(%d+),"id":"([^"]+)","name":"')
end

-- unquoted returns a reply that does not repeat the text of its message.
local function unquoted(payload)
  local _, i = string.find(payload, ',"reply":{"seq":%d+,"id":"[^"]+","name":"')
  local _, from = string.find(payload, '^","text":"', closing(payload, i + 1))
  return from and string.sub(payload, 1, from) .. string.sub(payload, closing(payload, from + 1))
end

-- event_of returns what an event of a feed tells of a message, and the id of
-- that, from its payload or its body; nil for anything else. chat/event.go has
-- the format. A quote in a text has a backslash, so this is not in the text.
local function event_of(entry)
  return string.match(entry, '","event":"(%l+)","chat":"[^"]+","n":%d+,"message":"([^"]+)"')
end

-- emptied returns an event without its text and files; nil if it has none any
-- more.
local function emptied(payload)
  local head, of, rest = string.match(
    payload, '^(.-,"text":").-(","event":"%l+","chat":"[^"]+","n":%d+,"message":"[^"]+")(.*)$')
  if string.sub(rest, 1, 10) == ',"deleted"' then
    return nil
  end
  return head .. of .. ',"deleted":true' .. string.gsub(rest, '^,"files":%[.-%],"sent":', ',"sent":', 1)
end

-- after returns what stands for a payload once the message with that id is
-- deleted by some entry; nil if it stays as it is.
local function after(payload, id, by)
  if event_of(by) then
    local what, of = event_of(payload)
    return of == id and what ~= 'delete' and emptied(payload) or nil
  end
  local kind, number, own = string.match(payload, '^{"type":"(%l+)","seq":(%d+),"id":"([^"]+)"')
  if kind == 'message' and own == id and is_for(payload, by, number) then
    return tombstone(payload, '')
  end
  local seq, of = target_of(payload)
  if kind == 'edit' and is_for(payload, by, seq) then
    return of == id and tombstone(payload, ',"target":{"seq":' .. seq .. ',"id":"' .. id .. '"}') or nil
  end
  local _, answered = answers(payload)
  return kind == 'message' and answered == id and unquoted(payload) or nil
end

-- forget applies a delete: seqs are where its message may be, as texts; by is
-- the delete's payload or body.
local function forget(log, tombs, about, id, seqs, by)
  for seq in string.gmatch(redis.call('HGET', about, id) or '', '%d+') do
    seqs[#seqs + 1] = seq
  end
  for _, seq in ipairs(seqs) do
    local old = stands_at(log, tombs, seq)
    local new = old and after(old, id, by)
    if new then
      redis.call('ZREMRANGEBYSCORE', tombs, seq, seq)
      redis.call('ZADD', tombs, seq, new)
      redis.call('XDEL', log, seq .. '-0')
    end
  end
  local left = redis.call('PTTL', log)
  if left > 0 then
    redis.call('PEXPIRE', tombs, string.format('%.0f', left))
  end
end

-- first_of returns the first seq of a stream; none if it is empty.
local function first_of(log, none)
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', '1')[1]
  return first and tonumber(string.match(first[1], '^%d+')) or none
end

-- since returns those of some seqs that are not before the first. A repair may
-- have recorded them out of order.
local function since(first, seqs)
  local left = {}
  for seq in string.gmatch(seqs, '%d+') do
    if tonumber(seq) >= first then
      left[#left + 1] = seq
    end
  end
  return table.concat(left, ' ')
end

-- note_about records the seq, a text, of an entry about a message. Once in 1000
-- characters it drops those that have left the stream, and once in 1000 messages
-- those of which there are none.
local function note_about(log, about, id, seq)
  local old = redis.call('HGET', about, id) or ''
  local seqs = old == '' and seq or old .. ' ' .. seq
  if math.floor(#seqs / 1000) > math.floor(#old / 1000) then
    seqs = since(first_of(log, 0), seqs)
  end
  redis.call('HSET', about, id, seqs)
  local left = redis.call('PTTL', log)
  if left > 0 then
    redis.call('PEXPIRE', about, string.format('%.0f', left))
  end
  if old ~= '' or redis.call('HLEN', about) % 1000 ~= 0 then
    return
  end
  local first, all = first_of(log, 0), redis.call('HGETALL', about)
  for i = 1, #all, 2 do
    if all[i] ~= '' and since(first, all[i + 1]) == '' then
      redis.call('HDEL', about, all[i])
    end
  end
end

-- is_feed says whether a log is that of a feed, by the name of one of its keys.
local function is_feed(key)
  return string.find(key, ':room:user:%d+}:') ~= nil
end

-- kept returns an event of a feed, or its body, as it may be in the log: without
-- its text if the message is deleted. A server that has not received the delete
-- may publish it again.
local function kept(about, entry)
  local what, id = event_of(entry)
  if id and what ~= 'delete' and string.sub(redis.call('HGET', about, id) or '', 1, 1) == 'd' then
    return emptied(entry) or entry
  end
  return entry
end

-- heed_event notes the seq, a text, of an event of a feed, or applies it if it
-- is a delete, which it returns.
local function heed_event(log, tombs, about, number, entry)
  local what, id = event_of(entry)
  if what == 'delete' then
    forget(log, tombs, about, id, {}, entry)
    redis.call('HSET', about, id, 'd' .. number)
    return true
  elseif id and kept(about, entry) == entry then
    note_about(log, about, id, number)
  end
end

-- index_feed notes which events of a feed are about which message, unless all
-- are noted: the key may have been lost, and servers from before messages could
-- be deleted did not note them.
local function index_feed(log, about)
  if redis.call('HEXISTS', about, '') == 1 then
    return
  end
  local from, seqs = '-', {}
  repeat
    local page = redis.call('XRANGE', log, from, '+', 'COUNT', '500')
    for _, e in ipairs(page) do
      local seq = string.match(e[1], '^%d+')
      local what, id = event_of(e[2][2] or '')
      if what == 'delete' then
        seqs[id] = 'd' .. seq
      elseif id and string.sub(seqs[id] or '', 1, 1) ~= 'd' then
        seqs[id] = (seqs[id] and seqs[id] .. ' ' or '') .. seq
      end
      from = string.format('%.0f', tonumber(seq) + 1) .. '-0'
    end
  until #page < 500
  for id, list in pairs(seqs) do
    redis.call('HSET', about, id, list)
  end
  redis.call('HSET', about, '', '1')
  local left = redis.call('PTTL', log)
  redis.call('PEXPIRE', about, left > 0 and string.format('%.0f', left) or '60000')
end

-- drop_tombs removes what has left a log whose newest entry is top.
local function drop_tombs(log, tombs, top, maxlen)
  local first = first_of(log, top)
  redis.call('ZREMRANGEBYSCORE', tombs, '-inf', string.format('%.0f', math.min(first - 1, top - maxlen)))
end

-- heed applies what a restored entry says about others.
local function heed(log, tombs, about, payload)
  local kind, number = string.match(payload, '^{"type":"(%l+)","seq":(%d+)')
  local seq, id
  if is_feed(about) then
    heed_event(log, tombs, about, number, payload)
  elseif kind == 'delete' or kind == 'edit' then
    seq, id = target_of(payload)
  elseif kind == 'message' then
    seq, id = answers(payload)
  end
  if id and kind == 'delete' then
    forget(log, tombs, about, id, {seq}, payload)
  elseif id then
    note_about(log, about, id, number)
  end
end

