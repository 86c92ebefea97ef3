-- What wrk sends: a sign-up of another address each time, spread over many domains as a crowd of readers is.
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

function request()
  count = count + 1
  local form = "newsletter=belarus-weekly&language=en&missing=&address=reader%d%%40d%d.example.org"
  return wrk.format(nil, "/en/subscribe", nil, string.format(form, count, count % 5000))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answered": %d, "per_s": %.1f, "p50_ms": %.2f, "p99_ms": %.2f, "errors": %d}\n',
    summary.requests,
    summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
