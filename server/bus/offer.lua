-- Puts messages back into a log that is closed, as far as they are newer than all that it has. Second step of three.
--
-- KEYS  1 head   2 log: stream   3… what is remembered of each message's id
-- ARGV  1 the epoch that the caller found   2 the epoch of these messages, which followed it   3 past of that epoch
--       4 how long to remember an id, ms   5 length of the stream   then for each message: seq, payload, digest
-- Returns "taken", or "changed" if the log is not where the caller found it any more, who then looks again.
--
-- Why ids are remembered anew: a sender that never got its ack sends again, and the message must not be there twice.
local head, log = KEYS[1], KEYS[2]
local found, epoch, past, ttl, maxlen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local h = read(head)
if h.run ~= '' or h.epoch ~= found then
  return 'changed'
end
local top = newest(log)
forget_beyond(top, log)
for i = 3, #KEYS do
  local at = 6 + (i - 3) * 3
  local seq = tonumber(ARGV[at])
  if seq > top then
    redis.call('XADD', log, 'MAXLEN', '~', maxlen, text(seq) .. '-0', 'm', ARGV[at + 1])
    redis.call('SET', KEYS[i], epoch .. ':' .. text(seq) .. ' ' .. ARGV[at + 2], 'PX', ttl)
    top = seq
  end
end
redis.call('HSET', head, 'run', '', 'epoch', epoch, 'seq', text(math.max(h.seq, top)), 'past', past)
return 'taken'
