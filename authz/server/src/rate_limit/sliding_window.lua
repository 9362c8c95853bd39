-- Counts one request in an exact sliding window that all replicas share.
-- KEYS[1]: the times of the admitted requests, oldest first, in microseconds of this server's
-- clock.
-- ARGV: the most requests in a window, and the length of the window in microseconds.
-- Returns whether the request is admitted, how many more may be admitted, and the microseconds
-- until the oldest one leaves the window.
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
-- If the clock has stepped back, time stands still here: a moment that is counted twice would admit
-- too many.
local newest = redis.call('LINDEX', KEYS[1], -1)
if newest and tonumber(newest) > now then now = tonumber(newest) end

local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and now - tonumber(oldest) >= window do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = redis.call('LLEN', KEYS[1])
if used >= limit then
  return {0, 0, tonumber(oldest) + window - now}
end
-- Lua would write the number as 1.76e+15.
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return {1, limit - used - 1, (tonumber(oldest) or now) + window - now}
