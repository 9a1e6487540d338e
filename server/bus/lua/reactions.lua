-- Functions about the reactions to a message. This text precedes publish.lua
-- and react.lua; react.lua says what is in the hash.

-- due returns in how many ms a summary may be published, given when the last one
-- was. The clock of Redis may have been set back since.
local function due(told, now)
  local since = now - tonumber(told or 0)
  return since >= 0 and since < 1000 and 1000 - since or 0
end

-- summary returns the counts of a message if they have to be published, or false
-- and in how many ms; 0 if there is nothing to tell.
local function summary(hash, now)
  local h = redis.pcall('HMGET', hash, 'counts', 'dirty', 'told')
  if h.err or h[2] ~= '1' then
    return false, 0
  end
  local wait = due(h[3], now)
  return wait == 0 and (h[1] or ''), wait
end

-- forget_reactions removes the reactions to a message that was deleted by an
-- entry, unless somebody reacted to another message with its id.
local function forget_reactions(hash, by)
  local of = redis.pcall('HGET', hash, 'of')
  if type(of) ~= 'string' then
    return
  end
  local author, session = writer(by)
  local from, to = string.find(of, '\n' .. (author ~= '' and author or session) .. '\n', 1, true)
  if not from then
    return
  end
  of = string.sub(of, 1, from) .. string.sub(of, to + 1)
  if of == '\n' then
    redis.call('DEL', hash)
  else
    redis.call('HSET', hash, 'of', of)
  end
end
