-- Sets what persons reacted to a message, or takes it back.
--
--   KEYS  1 head   2 reactions to the message: hash   3 the message's delete, if
--         that is remembered   4 the rules of the room: see rules.lua
--   ARGV  1 react: a person does it now
--           anyway: the same, even if it is not known who reacted before
--           restore: it was done before; the last change of each record counts
--           whole: the same, and then it is known who reacted before
--         2, 3 author and session of the message
--         4 how long to keep the hash, ms   5 most kinds of emoji
--         6 most records
--         7, 8 who does it now, and from where: see rules.lua; empty: the rules do
--         not matter, and nobody knows   9 1 if the rules must be known
--         then for each reaction: emoji, person, "a" if that is an author or "s"
--         if a session, 1 or 0 (taken back), when it was done, ms (empty: now),
--         name of the person
--   Returns {outcome, epoch, at, due}: outcome is one of
--         taken    at is when the last of them was done, ms
--         unknown  it is not known who reacted before; nothing was done
--         gone     the message is deleted; nothing was done
--         banned, muted, paused, registered_only, members_only
--                  the rules of the room refuse it; nothing was done. due is
--                  for how long, ms, 0: for ever
--         rules    the rules have to be put beside the log first; nothing done
--         closed   the log has to be opened first, for its rules; nothing done
--         kinds, full  there are too many; what comes before it was done
--         epoch is that of the log, empty if there is none. due is in how many
--         ms a summary may be published; -1 if there is nothing to tell.
--
-- The hash:
--       r <emoji> <person>  "<ms> <a or s> <name>": when that was set, or minus
--                           when it was taken back
--       counts  `"👍":12,"❤️":1`: members of the summary, in the order in which
--               they came
--       dirty   1 if there has been no summary since counts changed
--       told    when the last summary was published, ms
--       loaded  "in <epoch>": in that epoch all records were known to be here
--       of      the authors, or sessions, of messages with this id, each between
--               line breaks
--
-- Why loaded names an epoch: wherever Redis may have gone back, the log has
-- another one, and what was set since may be in the archive alone.
--
-- Why what was taken back leaves a record, even if nobody seems to have set it: a
-- server that remembers that it was set, and the archive, may come later than the
-- one that took it back.
--
-- Why the log need not be open: nothing here has a number. But the rules are
-- known only where it is, and nothing else here would notice that Redis has
-- restarted.
local hash, mode, author, session = KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local most_kinds, most_records = tonumber(ARGV[5]), tonumber(ARGV[6])

-- is_already reports whether a reaction is as somebody wants it. Then it is
-- answered whatever the rules say by now, for a sender that missed the answer.
local function is_already(emoji, person, on)
  local was = redis.pcall('HGET', hash, 'r ' .. emoji .. ' ' .. person)
  was = type(was) == 'string' and tonumber(string.match(was, '^%-?%d+'))
  return was and (was > 0) == on
end

local gone = redis.pcall('GET', KEYS[3])
if type(gone) == 'string' then
  local author2, session2 = writer(gone)
  if author == author2 and (author ~= '' or session == session2) then
    return {'gone', '', '0', '-1'}
  end
end
local state = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'rules')
local epoch = state[1] or ''
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[7] ~= '' then
  if epoch == '' or state[2] ~= process() then
    return {'closed', epoch, '0', '-1'}
  end
  local refused, wait = refusal(state[3], epoch, KEYS[4], ARGV[7], ARGV[8], ARGV[9], now, ARGV[13] == '0')
  if refused and not is_already(ARGV[10], ARGV[11], ARGV[13] == '1') then
    return {refused, epoch, '0', string.format('%.0f', wait)}
  end
end
local h = redis.call('HMGET', hash, 'loaded', 'counts', 'told', 'dirty', 'of')
local whole = h[1] == 'in ' .. epoch
if not whole and (mode == 'react' or mode == 'restore') then
  return {'unknown', epoch, '0', '-1'}
end

local function text(n)
  return string.format('%.0f', n)
end

local list, count = {}, {}
for emoji, n in string.gmatch(h[2] or '', '"([^"]+)":(%d+)') do
  list[#list + 1] = emoji
  count[emoji] = tonumber(n)
end
local dirty, outcome, at = h[4] == '1', 'taken', 0

-- set does what one reaction says, and returns false if there are too many.
local function set(emoji, person, kind, on, when, name)
  local field = 'r ' .. emoji .. ' ' .. person
  local was = tonumber(string.match(redis.call('HGET', hash, field) or '', '^%-?%d+') or 0)
  at = math.abs(was)
  if when ~= '' then
    if tonumber(when) <= at then
      return true
    end
    at = tonumber(when)
  else
    if on == (was > 0) and was ~= 0 then
      return true -- as it is
    end
    if on and not count[emoji] and #list >= most_kinds then
      outcome = 'kinds'
    elseif was == 0 and redis.call('HLEN', hash) >= most_records then
      outcome = 'full'
    end
    if outcome ~= 'taken' then
      return false
    end
    at = math.max(now, at + 1)
  end
  redis.call('HSET', hash, field, (on and '' or '-') .. text(at) .. ' ' .. kind .. ' ' .. name)
  if on ~= (was > 0) then
    if not count[emoji] then
      list[#list + 1] = emoji
    end
    count[emoji] = (count[emoji] or 0) + (on and 1 or -1)
    dirty = true
  end
  return true
end

for i = 10, #ARGV, 6 do
  if not set(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1', ARGV[i + 4], ARGV[i + 5]) then
    break
  end
end
local members = {}
for _, emoji in ipairs(list) do
  if count[emoji] > 0 then
    members[#members + 1] = '"' .. emoji .. '":' .. text(count[emoji])
  end
end
local of, writer_of = h[5] or '\n', (author ~= '' and author or session) .. '\n'
if #of < 1000 and not string.find(of, '\n' .. writer_of, 1, true) then
  of = of .. writer_of
end
redis.call('HSET', hash, 'counts', table.concat(members, ','), 'dirty', dirty and '1' or '0', 'of', of)
if mode == 'whole' then
  redis.call('HSET', hash, 'loaded', 'in ' .. epoch)
end
redis.call('PEXPIRE', hash, ARGV[4])
return {outcome, epoch, text(at), text(dirty and due(h[3], now) or -1)}
