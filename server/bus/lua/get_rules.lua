-- Returns the working copy of a room's rules: see rules.lua.
--
--   KEYS  1 head   2 rules: hash
--   Returns {"known", version, field, value, …}, {"missing", epoch}, or
--   {"closed"} if the log has to be opened first.
local h = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'rules', 'ruled')
local epoch = h[1] or ''
if epoch == '' or h[2] ~= process() then
  return {'closed'}
elseif h[3] == epoch then
  return {'known', h[4] or '0'}
elseif string.find(h[3] or '', '^' .. epoch .. '[+-] ' .. (h[4] or '') .. ' ') then
  local out, whole = {'known', h[4]}, false
  local all = redis.pcall('HGETALL', KEYS[2])
  for i = 1, all.err and 0 or #all, 2 do
    whole = whole or all[i] == 'version' and all[i + 1] == h[4]
    out[#out + 1], out[#out + 2] = all[i], all[i + 1]
  end
  if whole then
    return out
  end
end
return {'missing', epoch}
