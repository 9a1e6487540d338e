-- What publish.lua and react.lua know of a room's rules. It precedes both.
--
-- The working copy of the rules is in two places. Two fields of the head say
-- whether there is one:
--
--   rules  "<epoch>": in that epoch the room has no rules; "<epoch> <version>":
--          it has some, which are in a hash; anything else: they are not known
--   ruled  the version, in both cases
--
-- and a hash has the rules:
--
--   version   as in the head
--   slow      ms between two messages of one person; 0: no slow mode
--   registered, paused   1 or 0
--   mute <subject>, ban <subject>   until when, ms; 0: for ever
--
-- Why the epoch is in the head: wherever Redis may have gone back, the log gets
-- a new epoch (unseal.lua). In that one the rules are not known until a server
-- has read them from the database. So an old copy is never used, and there is
-- nothing to compare: a room without rules costs one more field of a command
-- that is needed anyway.

-- lasts returns how long a mute or ban still lasts that ends at some time, ms:
-- 0 for ever; nil if it has ended, or there is none.
local function lasts(ends, now)
  ends = tonumber(ends or '')
  if not ends or ends == 0 then
    return ends
  end
  return ends > now and ends - now or nil
end

-- refusal says why the rules of a room refuse something, and for how long, ms;
-- nil and the slow mode of the room, ms, if they do not. 'rules' means that
-- they are not known. mark is rules of the head. who is "<1 if they must be
-- known> <person> <address>"; the address may be missing.
local function refusal(mark, epoch, rules, who, now)
  if mark == epoch then
    return nil, 0
  end
  local must, person, address = string.match(who, '^(%d) (%S+) ?(%S*)$')
  local version = mark and string.match(mark, '^' .. epoch .. ' (%d+)$')
  local r = version and redis.pcall('HMGET', rules, 'version', 'slow', 'registered', 'paused',
    'ban ' .. person, 'ban ' .. address, 'mute ' .. person)
  if not r or r.err or r[1] ~= version then
    if must == '1' then
      return 'rules', 0
    end
    return nil, 0
  end
  local banned, other = lasts(r[5], now), lasts(r[6], now)
  if banned or other then
    local ever = banned == 0 or other == 0
    return 'banned', ever and 0 or math.max(banned or 0, other or 0)
  end
  local muted = lasts(r[7], now)
  if muted then
    return 'muted', muted
  elseif r[4] == '1' then
    return 'paused', 0
  elseif r[3] == '1' and string.sub(person, 1, 2) ~= 'a:' then
    return 'registered_only', 0
  end
  return nil, tonumber(r[2] or '') or 0
end

-- early returns in how many ms a person may write again in slow mode; nil if at
-- once. last is when the last message was taken. The clock of Redis may have
-- been set back since.
local function early(last, slow, now)
  local since = now - (type(last) == 'string' and tonumber(last) or 0)
  return since >= 0 and since < slow and slow - since or nil
end
