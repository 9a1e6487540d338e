package page

import (
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// The browser itself writes this to the console when a connection breaks or
// cannot be opened. A page cannot prevent it.
var brokenLink = []string{"WebSocket connection to"}

// A server is killed under its page. The page is on another server in a moment,
// and no other page notices.
func TestPageOverAKilledServer(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	s.bob.drafts("half a sen")
	for range 2 {
		victim := s.serverOf(s.bob)
		s.kill(victim)
		s.says(s.ann, "are you there, bob?")
		s.agree()
		s.bob.state("connected")
		if now := s.serverOf(s.bob); now == victim {
			t.Errorf("bob is connected to %s, which was killed", now.Name)
		}
		s.startAgain(victim)
	}
	s.bob.keeps("half a sen")
	for _, w := range []*window{s.ann, s.bob} {
		w.wasOnly("connected", "reconnecting")
		w.noErrors(brokenLink...)
	}
}

// All servers are killed. Messages written meanwhile wait, and go out when the
// servers are back.
func TestPageOverAllServersKilled(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	s.bob.drafts("half a sen")
	s.kill(s.c.Servers...)
	s.ann.state("reconnecting")
	s.bob.state("reconnecting")
	s.says(s.ann, "one", "two", "three")
	s.ann.holds("one", "two", "three")
	s.ann.tells("reconnecting", "3 unsent")
	s.ann.shoot("all-servers-killed")
	s.startAgain(s.c.Servers...)
	s.agree()
	s.bob.keeps("half a sen")
	s.ann.keeps("")
	for _, w := range []*window{s.ann, s.bob} {
		w.tells("connected", "connected · ")
		w.wasOnly("connected", "reconnecting")
		w.noErrors(brokenLink...)
	}
}

// The network goes and comes back. The browser reports it at once; the
// connection itself would stay open for minutes, and the first time it does.
func TestPageOffline(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	s.ann.drafts("half")
	for _, cut := range []func(){func() {}, s.cable.cut} {
		s.ann.unplugged(true)
		cut()
		s.ann.tells("offline", "offline")
		s.says(s.bob, "said while ann was away")
		s.agreesWith(s.bob)
		s.ann.keeps("half")
		s.ann.unplugged(false)
		s.ann.tells("connected", "connected · ")
		s.agree()
	}
	s.ann.keeps("half")
	s.ann.wasOnly("connected", "reconnecting", "offline")
	s.bob.wasOnly("connected", "reconnecting") // bob's connection was cut as well
	s.ann.noErrors(append(brokenLink, "ERR_INTERNET_DISCONNECTED")...)
	s.bob.noErrors(brokenLink...)
}

// Redis is killed and comes back with all data. No client is disconnected.
// Messages written meanwhile go out by themselves, and until then the page
// shows that they are waiting.
func TestPageOverAKilledRedis(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{RedisArgs: []string{"--appendfsync", "always"}})
	s.bob.drafts("half a sen")
	for _, round := range []string{"first", "second"} {
		s.kill(s.c.Redis)
		s.says(s.ann, round+" one", round+" two")
		s.ann.holds(round+" one", round+" two")
		s.ann.tells("sending", "waiting to send · 2")
		s.ann.shoot("redis-killed")
		if err := s.c.Redis.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		s.agree()
		s.ann.tells("connected", "connected · ")
	}
	s.bob.keeps("half a sen")
	s.ann.wasOnly("connected", "sending")
	s.bob.wasOnly("connected")
	for _, w := range []*window{s.ann, s.bob} {
		w.noErrors()
	}
}
