package faults

import (
	"testing"
	"time"

	"livechat/e2e/faultproxy"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/poll"
)

// When a server dies, its clients reconnect to others, receive what they
// missed, and resend what was not acked.
func TestHistoryOverKilledServers(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	crowd := gather(t, c.RoomURL())
	for _, victim := range c.Servers[1:3] {
		crowd.awaitAcks(50)
		if err := victim.Kill(); err != nil {
			t.Fatal(err)
		}
		crowd.awaitAcks(50)
		if err := victim.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := c.WaitReady(harness.Within(t, time.Minute), len(c.Servers)); err != nil {
			t.Error(err)
		}
	}
	crowd.awaitAcks(50)
	if sum := crowd.finish(); sum.Disconnects < crowdCount/4 {
		t.Errorf("%d connections broke, which is too few to have proved anything", sum.Disconnects)
	}
}

// A deployment moves all clients, one server's at a time, and breaks no
// connection.
func TestHistoryOverARollingRestart(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Env: map[string]string{"DRAIN_DELAY": "1200ms", "DRAIN_PERIOD": "700ms"}})
	crowd := gather(t, c.RoomURL())
	crowd.awaitAcks(20)
	for _, s := range c.Servers {
		if err := s.Stop(harness.Within(t, time.Minute)); err != nil {
			t.Error(err)
		}
		if code := s.ExitCode(); code != 0 {
			t.Errorf("server %s ended with %d: %s", s.Name, code, s.Output())
		}
		if err := s.Start(harness.Within(t, time.Minute)); err != nil {
			t.Error(err)
		}
		if err := c.WaitReady(harness.Within(t, time.Minute), len(c.Servers)); err != nil {
			t.Error(err)
		}
	}
	crowd.awaitAcks(20)
	if sum := crowd.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke: they should have been replaced before they were closed",
			sum.Disconnects)
	}
}

// A silently dead link to Redis is detected and replaced. No client notices
// more than a pause.
func TestHistoryOverABlackholedRedisLink(t *testing.T) {
	t.Parallel()
	c, proxy := harness.StartBehindProxy(t, 1)
	crowd := gather(t, c.RoomURL())
	for _, way := range []faultproxy.Direction{faultproxy.Both, faultproxy.Down} {
		crowd.awaitAcks(50)
		proxy.Blackhole(way)
		crowd.wait(4 * time.Second) // the server gives up on its link after three seconds
		proxy.Heal()
		crowd.awaitAcks(50)
	}
	if sum := crowd.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
}

// A link that breaks in any other way, and replies that are lost after the
// command was executed, lose and double nothing.
func TestHistoryOverBrokenRedisLinks(t *testing.T) {
	t.Parallel()
	c, proxy := harness.StartBehindProxy(t, localcluster.MaxServers)
	crowd := gather(t, c.RoomURL())
	crowd.awaitAcks(50)
	for n := range 5 {
		proxy.DropReply("evalsha")
		harness.Eventually(t, time.Minute, "a reply gets lost",
			func() error { return harness.ErrIf(proxy.Dropped() <= n) })
		crowd.awaitAcks(10)
	}
	proxy.Cut()
	crowd.awaitAcks(50)
	proxy.HalfClose(faultproxy.Down)
	crowd.awaitAcks(50)
	proxy.HalfClose(faultproxy.Up)
	crowd.awaitAcks(50)
	proxy.Delay(faultproxy.Both, 30*time.Millisecond)
	crowd.awaitAcks(50)
	proxy.Heal()
	proxy.Dribble(faultproxy.Both)
	crowd.awaitAcks(50)
	proxy.Heal()
	if sum := crowd.finish(); sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
}

// Broken links between clients and HAProxy cost their clients only time.
func TestHistoryOverBrokenClientLinks(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	proxy, err := faultproxy.Listen(c.HAProxy.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	crowd := gather(t, "ws://"+proxy.Addr()+"/")
	crowd.awaitAcks(30)
	proxy.Cut()
	crowd.awaitAcks(30)
	proxy.HalfClose(faultproxy.Down)
	crowd.awaitAcks(30)
	proxy.HalfClose(faultproxy.Up)
	crowd.awaitAcks(30)
	proxy.DropReply("GET ") // to a handshake
	proxy.Cut()
	poll.Until(t, "a handshake has lost its answer", func() bool { return proxy.Dropped() == 1 })
	crowd.awaitAcks(30)
	proxy.Dribble(faultproxy.Up)
	crowd.awaitAcks(30)
	proxy.Blackhole(faultproxy.Both)
	crowd.wait(2 * time.Second)
	proxy.Heal()
	crowd.awaitAcks(30)
	if sum := crowd.finish(); sum.Disconnects < 3*crowdCount {
		t.Errorf("%d connections broke, which is too few to have proved anything", sum.Disconnects)
	}
	if proxy.Dropped() != 1 {
		t.Errorf("%d handshakes lost their answer, want 1", proxy.Dropped())
	}
}

// A Redis that syncs each message before it acknowledges it may die at any
// moment. It comes back with all of them.
func TestHistoryOverAKilledRedis(t *testing.T) {
	c := harness.Start(t, localcluster.Options{RedisArgs: []string{"--appendfsync", "always"}})
	crowd := gather(t, c.RoomURL())
	for range 3 {
		crowd.awaitAcks(50)
		if err := c.Redis.Kill(); err != nil {
			t.Fatal(err)
		}
		crowd.wait(500 * time.Millisecond)
		if err := c.Redis.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	crowd.awaitAcks(50)
	sum := crowd.finishWithResets()
	if sum.Disconnects != 0 {
		t.Errorf("%d connections broke", sum.Disconnects)
	}
	if sum.Resets != 3*crowdCount {
		t.Errorf("%d resets were announced, want one for each crash to each of %d", sum.Resets, crowdCount)
	}
}
