-- Functions about a room's rules. This text precedes publish.lua and react.lua.
--
-- The working copy of the rules is in two places. Two fields of the head say
-- whether there is one:
--
--   rules  "<epoch>": in that epoch the room has no rules; "<epoch><kind>
--          <version> <slow> <words> <access> <registered><paused><whole>", then
--          " <subject>=<what>" for each of those who are named in them: it has
--          these, and the rest is in a hash; anything else: they are not known
--   ruled  the version, in both cases
--
-- kind is "-" if the rules bind only those who are named, but for slow mode and
-- blocked words, and "+" if they bind others. slow is ms between two messages of
-- one person; 0: no slow mode. words is the version of the blocked words; "-":
-- there are none. access is who may be in the room: open, registered or invite; "-":
-- nobody has made it, and everybody may. registered, paused and whole are 1 or 0.
-- whole: all who have a mute, a ban or a role are named; otherwise nobody is,
-- there are too many. what is m for an account that is a member and no more, o
-- for one that moderates, x for everybody else: the hash has to be asked.
--
-- The hash has all of it:
--
--   version   as in the head
--   access, slow, registered, paused   as in the head; access may be empty
--   mute <subject>, ban <subject>   until when, ms; 0: for ever
--   role <subject>   of an account: member, moderator or owner
--   words     the blocked words, as JSON, if there are any
--   pinned    the pinned message, if there is one: see chat/pin.go
--
-- Why the epoch is in the head: wherever Redis may have gone back, the log gets
-- a new epoch (unseal.lua). In that one the rules are not known until a server
-- has read them from the database. So an old copy is never used, and there is
-- nothing to compare.
--
-- Why the head has so much of them: it is read anyway. So rules cost no command
-- but for those whom they mute or ban, and slow mode one, which remembers.

-- lasts returns how long a mute or ban still lasts that ends at some time, ms:
-- 0 for ever; nil if it has ended, or there is none.
local function lasts(ends, now)
  ends = tonumber(ends or '')
  if not ends or ends == 0 then
    return ends
  end
  return ends > now and ends - now or nil
end

-- what returns what the head says of a subject; nil: it is not named. If another
-- one ends like it, that is a guest: the hash is asked then, which knows.
local function what(mark, subject)
  local _, at = string.find(mark, subject .. '=', 1, true)
  return at and string.sub(mark, at + 1, at + 1)
end

-- of_all returns what rules of the head ask of everybody who does not moderate:
-- slow mode, ms, and the version of the blocked words; nil: none.
local function of_all(mark, epoch)
  if mark and mark ~= epoch then
    local of, slow, words = string.match(mark, '^(%x+)[+-] %d+ (%d+) (%S+)')
    if of == epoch then
      return slow ~= '0' and tonumber(slow) or nil, words ~= '-' and words or nil
    end
  end
end

-- refusal says why the rules of a room refuse something, and for how long, ms;
-- nil and whether this person moderates, if they do not. 'rules' means that they
-- are not known, and must is "1" if they have to be. mark is rules of the head.
-- address may be empty. own: this only takes back what the person has done. That
-- may be done by everybody who may be in the room, and by the banned.
local function refusal(mark, epoch, rules, person, address, must, now, own)
  if mark == epoch then
    return nil, false
  end
  local mine, other = 'x', nil
  if string.sub(mark or '', 1, 17) == epoch .. '-' then -- most rooms with rules
    mine, other = what(mark, person), address ~= '' and what(mark, address) or nil
    if not mine and not other then
      return nil, false
    end
  end
  local of, version, access, registered, paused, whole =
    string.match(mark or '', '^(%x+)[+-] (%d+) %d+ %S+ (%S+) (%d)(%d)(%d)')
  local known = of == epoch
  if known and whole == '1' then
    mine, other = what(mark, person), address ~= '' and what(mark, address)
  end
  local r = {}
  if known and (mine == 'x' or other == 'x') then
    r = redis.pcall('HMGET', rules, 'version', 'role ' .. person, 'ban ' .. person, 'ban ' .. address,
      'mute ' .. person)
    known = r[1] == version -- an error has no 1
  end
  if not known then
    if must == '1' then
      return 'rules', 0
    end
    return nil, false
  end
  local account = string.sub(person, 1, 2) == 'a:'
  local moderates = account and (mine == 'o' or r[2] == 'moderator' or r[2] == 'owner')
  local role = moderates or account and (mine == 'm' or r[2])
  -- Others may have the same address.
  local banned, others = lasts(r[3], now), not moderates and lasts(r[4], now) or nil
  if (banned or others) and not own then
    local ever = banned == 0 or others == 0
    return 'banned', ever and 0 or math.max(banned or 0, others or 0)
  elseif access == 'registered' and not account then
    return 'registered_only', 0
  elseif access ~= 'open' and access ~= 'registered' and access ~= '-' and not role then
    return 'members_only', 0
  elseif own then
    return nil, moderates
  end
  local muted = lasts(r[5], now)
  if muted then
    return 'muted', muted
  elseif paused == '1' and not moderates then
    return 'paused', 0
  elseif registered == '1' and not account then
    return 'registered_only', 0
  end
  return nil, moderates
end

-- early returns in how many ms a person may write again in slow mode; nil if at
-- once. last is when the last message was taken. The clock of Redis may have
-- been set back since.
local function early(last, slow, now)
  local since = now - (type(last) == 'string' and tonumber(last) or 0)
  return since >= 0 and since < slow and slow - since or nil
end
