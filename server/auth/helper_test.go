package auth

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"livechat/internal/testredis"
	"livechat/server/bus"
)

// backend is the Redis of one test.
type backend struct {
	url         string
	raw         *redis.Client      // for looking at what is stored
	stop, start func(t testing.TB) // stop is a crash; start brings Redis back with its data
}

// onEach runs a test on a real Redis and on the embedded one.
func onEach(t *testing.T, test func(t *testing.T, r *backend)) {
	t.Run("redis", func(t *testing.T) { test(t, realRedis(t)) })
	t.Run("miniredis", func(t *testing.T) {
		m := testredis.Mini(t)
		test(t, &backend{url: "redis://" + m.Addr(), raw: rawClient(t, "tcp", m.Addr())})
	})
}

func realRedis(t testing.TB, args ...string) *backend {
	t.Helper()
	s := testredis.New(t, append([]string{"--appendfsync", "always"}, args...)...)
	s.Start()
	return &backend{
		url: s.URL, raw: rawClient(t, "unix", strings.TrimPrefix(s.URL, "unix://")),
		stop: func(testing.TB) { s.Kill() }, start: func(testing.TB) { s.Start() },
	}
}

func rawClient(t testing.TB, network, addr string) *redis.Client {
	raw := redis.NewClient(&redis.Options{Network: network, Addr: addr, Protocol: 2, DialerRetries: 1})
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

// open returns a Client of a bus of its own.
func open(t testing.TB, url string) *Client {
	t.Helper()
	b, err := bus.Open(bus.Options{URL: url, Channel: "livechat", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return New(b, "livechat")
}
