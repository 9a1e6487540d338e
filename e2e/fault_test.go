package e2e

import (
	"testing"
	"time"

	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/internal/poll"
)

// startBehindProxy starts a cluster whose first n servers find Redis behind the proxy.
func startBehindProxy(t *testing.T, n int) (*cluster.Cluster, *fault.Proxy) {
	t.Helper()
	var proxy *fault.Proxy
	c := start(t, cluster.Options{RedisVia: func(i int, redis string) (string, error) {
		if i >= n {
			return redis, nil
		}
		if i == 0 {
			p, err := fault.Listen(redis)
			if err != nil {
				return "", err
			}
			t.Cleanup(func() { p.Close() })
			proxy = p
		}
		return proxy.Addr(), nil
	}})
	// Before the cluster is stopped: whoever drains wants to reach Redis, whatever the test has left behind.
	t.Cleanup(proxy.Heal)
	return c, proxy
}

// A server that dies takes nothing with it: its clients are back on others, hear what they missed, and send again what was not acked.
func TestHistoryOverKilledServers(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{})
	people := gather(t, c.RoomURL())
	for _, victim := range c.Servers[1:3] {
		people.flow(50)
		if err := victim.Kill(); err != nil {
			t.Fatal(err)
		}
		people.flow(50)
		if err := victim.Start(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := c.WaitReady(within(t, 10*time.Second), len(c.Servers)); err != nil {
			t.Error(err)
		}
	}
	people.flow(50)
	if sum := people.finish(); sum.Disconnects < crowdCount/4 {
		t.Errorf("%d connections broke, which is too few to have proved anything", sum.Disconnects)
	}
}

// A deploy moves everybody, each server's clients at its turn, and breaks nobody's connection.
func TestHistoryOverARollingRestart(t *testing.T) {
	c := start(t, cluster.Options{Env: map[string]string{"DRAIN_DELAY": "1200ms", "DRAIN_PERIOD": "700ms"}})
	people := gather(t, c.RoomURL())
	people.flow(20)
	for _, s := range c.Servers {
		if err := s.Stop(within(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
		if code := s.ExitCode(); code != 0 {
			t.Errorf("server %s ended with %d: %s", s.Name, code, s.Output())
		}
		if err := s.Start(within(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
		if err := c.WaitReady(within(t, 10*time.Second), len(c.Servers)); err != nil {
			t.Error(err)
		}
	}
	people.flow(20)
	if sum := people.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke: they should have been replaced before they were closed", sum.Disconnects)
	}
}

// A link to Redis that is silently dead is found and replaced, without one client noticing more than a pause.
func TestHistoryOverABlackholedRedisLink(t *testing.T) {
	t.Parallel()
	c, proxy := startBehindProxy(t, 1)
	people := gather(t, c.RoomURL())
	for _, way := range []fault.Direction{fault.Both, fault.Down} {
		people.flow(50)
		proxy.Blackhole(way)
		people.pass(4 * time.Second) // the server gives up on its link after three
		proxy.Heal()
		people.flow(50)
	}
	if sum := people.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
}

// A link that breaks in every other way, and whose replies get lost when the deed is done, loses and doubles nothing.
func TestHistoryOverBrokenRedisLinks(t *testing.T) {
	t.Parallel()
	c, proxy := startBehindProxy(t, cluster.MaxServers)
	people := gather(t, c.RoomURL())
	people.flow(50)
	for n := range 5 {
		proxy.DropReply("evalsha")
		eventually(t, 10*time.Second, "a reply gets lost", func() error { return errIf(proxy.Dropped() <= n) })
		people.flow(10)
	}
	proxy.Cut()
	people.flow(50)
	proxy.HalfClose(fault.Down)
	people.flow(50)
	proxy.HalfClose(fault.Up)
	people.flow(50)
	proxy.Delay(fault.Both, 30*time.Millisecond)
	people.flow(50)
	proxy.Heal()
	proxy.Dribble(fault.Both)
	people.flow(50)
	proxy.Heal()
	if sum := people.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
}

// Links between clients and HAProxy that break cost their clients nothing but time.
func TestHistoryOverBrokenClientLinks(t *testing.T) {
	c := start(t, cluster.Options{})
	proxy, err := fault.Listen(c.HAProxy.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	people := gather(t, "ws://"+proxy.Addr()+"/")
	people.flow(30)
	proxy.Cut()
	people.flow(30)
	proxy.HalfClose(fault.Down)
	people.flow(30)
	proxy.HalfClose(fault.Up)
	people.flow(30)
	proxy.DropReply("GET ") // of a handshake
	proxy.Cut()
	poll.Until(t, "a handshake has lost its answer", func() bool { return proxy.Dropped() == 1 })
	people.flow(30)
	proxy.Dribble(fault.Up)
	people.flow(30)
	proxy.Blackhole(fault.Both)
	people.pass(2 * time.Second)
	proxy.Heal()
	people.flow(30)
	if sum := people.finish(); sum.Disconnects < 3*crowdCount {
		t.Errorf("%d connections broke, which is too few to have proved anything", sum.Disconnects)
	}
	if proxy.Dropped() != 1 {
		t.Errorf("%d handshakes lost their answer, want 1", proxy.Dropped())
	}
}

// A Redis that dies at any moment and has written down each message before it said so comes back with all of them.
func TestHistoryOverAKilledRedis(t *testing.T) {
	c := start(t, cluster.Options{RedisArgs: []string{"--appendfsync", "always"}})
	people := gather(t, c.RoomURL())
	for range 3 {
		people.flow(50)
		if err := c.Redis.Kill(); err != nil {
			t.Fatal(err)
		}
		people.pass(500 * time.Millisecond)
		if err := c.Redis.Start(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	people.flow(50)
	sum := people.settle()
	if sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
	if sum.Resets != 3*crowdCount {
		t.Errorf("%d resets were announced, want one for each crash to each of %d", sum.Resets, crowdCount)
	}
}
