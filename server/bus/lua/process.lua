-- process returns the name of the process of Redis that this runs in. Where
-- that is refused nothing works: without it a restart would not be noticed, and
-- numbers would be used twice.
local function process()
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)')
  if not run then
    local why = type(info) == 'table' and info.err or 'it has no run_id'
    error('INFO server is needed to notice a restart of Redis: ' .. why)
  end
  return run
end

