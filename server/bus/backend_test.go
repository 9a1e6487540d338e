package bus

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"livechat/internal/testredis"
)

// backend is the Redis of one test.
type backend struct {
	url           string
	network, addr string
	raw           *redis.Client      // for looking at what is stored
	stop, start   func(t testing.TB) // stop is a crash; start brings Redis back with its data
}

// onEach runs a test on a real Redis and on the embedded one, while others run.
func onEach(t *testing.T, test func(t *testing.T, r *backend)) {
	t.Parallel()
	onEachAlone(t, test)
}

// onEachAlone is onEach for tests with limits that a busy machine exceeds: no
// other test runs meanwhile.
func onEachAlone(t *testing.T, test func(t *testing.T, r *backend)) {
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, realRedis(t))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, miniRedis(t))
	})
}

// realRedis runs a redis-server that keeps everything it has acknowledged when
// it is killed. (With the usual `everysec` it does not: while a sync is in
// progress it postpones even the write, and what it acknowledged in that time
// is lost.)
func realRedis(t testing.TB, args ...string) *backend {
	t.Helper()
	s := testredis.New(t, append([]string{"--appendfsync", "always"}, args...)...)
	s.Start()
	r := &backend{
		url: s.URL, network: "unix", addr: strings.TrimPrefix(s.URL, "unix://"),
		stop: func(testing.TB) { s.Kill() }, start: func(testing.TB) { s.Start() },
	}
	r.raw = rawClient(t, r)
	return r
}

func miniRedis(t testing.TB) *backend {
	t.Helper()
	m := testredis.Mini(t)
	r := &backend{url: "redis://" + m.Addr(), network: "tcp", addr: m.Addr()}
	r.raw = rawClient(t, r)
	r.stop = func(testing.TB) { m.Close() }
	r.start = func(t testing.TB) {
		t.Helper()
		if err := m.Restart(); err != nil {
			t.Fatal(err)
		}
		testredis.NameMini(m)
	}
	return r
}

func rawClient(t testing.TB, r *backend) *redis.Client {
	quietRedis()
	raw := redis.NewClient(&redis.Options{Network: r.network, Addr: r.addr, Protocol: 2, PoolSize: 1000,
		DialerRetries: 1})
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}
