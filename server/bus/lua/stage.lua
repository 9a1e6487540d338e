-- Stages messages that the caller has and a sealed log lacks, so that
-- unseal.lua can restore them. Second step of three.
--
--   KEYS  1 head   2 log: stream   3 `mend`: hash, who has staged
--         4 stage: what was staged   5 built: the stream that becomes the log
--         6 tombs: see tombs.lua
--   ARGV  1, 2 epoch and seq of the newest message that the caller knows
--         3 past of that epoch   4 length of the stream
--         then for each message: seq, epoch, 0 if the caller has received it and
--         1 if it was only acknowledged to it, key of its id, digest, payload
--   Returns "taken"; "another" if the log is not the one that the caller knows;
--         "changed" if it is not sealed.
--
-- Why nothing goes into the log at once: the first server may have less than
-- the second, and a stream accepts entries only after its last. So all are kept
-- side by side, by seq, until every server has staged.
--
-- Why those that were only acknowledged are told apart: maybe no server has
-- received them, and then their time is not the one that Redis gave. If one
-- has, its copy counts.
local head, log, repair, stage, built = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tombs = KEYS[6]
local maxlen = tonumber(ARGV[4])
local h = read(head)
if not h.sealed or redis.call('HGET', repair, 'run') ~= process() then
  return 'changed'
end
if not joined(h, ARGV[1], tonumber(ARGV[2]), ARGV[3]) then
  return 'another'
end
redis.call('HSET', head, 'epoch', h.epoch, 'seq', text(h.seq), 'past', h.past)

only('zset', stage)
local list, by = ends(h.past)
local top = newest(log)
local lowest
for i = 5, #ARGV, 6 do
  local seq, epoch = tonumber(ARGV[i]), ARGV[i + 1]
  local old = seq <= top and entry(log, seq)
  local there = old and seq_of(old) == seq and epoch_of(old) or redis.call('ZCOUNT', tombs, ARGV[i], ARGV[i]) > 0
  if belongs(h, list, by, epoch, seq) and not there then
    redis.call('ZADD', stage, text(seq), table.concat({ARGV[i + 2], epoch, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]}, ' '))
    lowest = math.min(lowest or seq, seq)
  end
end
local last = redis.call('ZREVRANGE', stage, '0', '0', 'WITHSCORES')
redis.call('ZREMRANGEBYSCORE', stage, '-inf', text(math.max(top, tonumber(last[2] or 0)) - maxlen))
redis.call('PEXPIRE', stage, '60000')
if lowest and lowest <= newest(built) then
  redis.call('DEL', built) -- it belongs before what is there already
end
return 'taken'
