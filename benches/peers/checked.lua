-- For wrk: posts the form, and counts an answer only if it is a token. Usage: wrk … -s checked.lua URL -- LOGIN FORM
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  good, bad = 0, 0
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Basic " .. arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.body = arguments[2]
end

function response(status, _, body)
  if status == 200 and body:find('"access_token"', 1, true) then
    good = good + 1
  else
    bad = bad + 1
  end
end

function done(summary)
  local tokens, others = 0, 0
  for _, thread in ipairs(threads) do
    tokens = tokens + thread:get("good")
    others = others + thread:get("bad")
  end
  local errors = summary.errors
  others = others + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"tokens": %d, "others": %d, "microseconds": %d}\n', tokens, others, summary.duration))
end
