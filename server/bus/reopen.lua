-- Opens a log again in a new epoch, when all servers that are known to be there have offered what they had, or have had their time. Last
-- step of three.
--
-- KEYS  1 head   2 log: stream   3 mend: hash, who has offered
-- ARGV  1 the new epoch   2 the caller's name, who has offered what it had   3 how many servers are waited for   4 for how long at
--       most, ms   5 side channel   6 room   7 how many past epochs to remember   8 how long to remember an id, ms
-- Returns {"open", head, past, run}; {"wait", ms} while others are waited for; {"closed"} if it has to be begun again.
--
-- Why a new epoch even if nothing was lost, as far as anybody can tell: a server that does not reach Redis just now may have heard
-- messages that all others have not. In the same epoch their numbers would be given again. In a new one they are not: when that
-- server comes back it sees that the old epoch ended before them, and says them again.
--
-- Why the numbering goes on: a seq then is one message in the whole log, and a client of an earlier epoch can go on in this one.
local head, log, mend = KEYS[1], KEYS[2], KEYS[3]
local fresh, name, servers, patience = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local h = read(head)
local run = process()
if h.run == run then
  return answer('open', h)
end
if h.run ~= '' or redis.call('HGET', mend, 'run') ~= run then
  return {'closed'}
end
redis.call('HSET', mend, 'by:' .. name, '1')
local waited = milliseconds() - tonumber(redis.call('HGET', mend, 'since'))
local offered, late = 0, {}
local fields = redis.call('HGETALL', mend)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 3) == 'by:' then
    offered = offered + 1
  elseif string.sub(fields[i], 1, 5) == 'late:' then
    late[#late + 1] = {seq = tonumber(string.sub(fields[i], 6)), said = fields[i + 1]}
  end
end
if offered < servers and waited < patience then
  return {'wait', text(patience - waited)}
end

local top = newest(log)
forget_beyond(top, log)
table.sort(late, function(a, b) return a.seq < b.seq end)
for _, m in ipairs(late) do
  local epoch, id, digest, payload = string.match(m.said, '^(%S+) (%S+) (%S+) (.*)$')
  if m.seq > top and epoch == h.epoch then
    redis.call('XADD', log, text(m.seq) .. '-0', 'm', payload)
    redis.call('SET', id, epoch .. ':' .. text(m.seq) .. ' ' .. digest, 'PX', ARGV[8])
    top = m.seq
  end
end

local seq = math.max(h.seq, top)
local past = {}
for word in string.gmatch(h.past, '%S+') do
  past[#past + 1] = word
end
if h.epoch ~= '' then
  past[#past + 1] = h.epoch .. ':' .. text(seq)
end
local first = math.max(1, #past - tonumber(ARGV[7]) + 1)
redis.call('HSET', head, 'epoch', fresh, 'seq', text(seq), 'base', text(seq), 'past', table.concat(past, ' ', first), 'run', run)
redis.call('DEL', mend)
redis.call('PUBLISH', ARGV[5], '{"type":"mended","room":"' .. ARGV[6] .. '"}')
return answer('open', read(head))
