package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"livechat/e2e/cluster"
)

// What a browser writes to its console about a link that broke and could not be made again. No page can keep it from that.
var brokenLink = []string{"WebSocket connection to"}

// A server is killed under its page: that one is on another server in a moment, and nobody else notices.
func TestPageOverAKilledServer(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{})
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
		w.calm(brokenLink...)
	}
}

// All servers are killed: what is written meanwhile waits, and goes out when they are back.
func TestPageOverAllServersKilled(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{})
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
		w.calm(brokenLink...)
	}
}

// The network goes and comes back. The browser says so at once; the link itself would stand for minutes, and does the first time.
func TestPageOffline(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{})
	s.ann.drafts("half")
	for _, cut := range []func(){func() {}, s.cable.cut} {
		s.ann.do(network.EmulateNetworkConditions(true, 0, -1, -1))
		cut()
		s.ann.tells("offline", "offline")
		s.says(s.bob, "said while ann was away")
		s.agreesWith(s.bob)
		s.ann.keeps("half")
		s.ann.do(network.EmulateNetworkConditions(false, 0, -1, -1))
		s.ann.tells("connected", "connected · ")
		s.agree()
	}
	s.ann.keeps("half")
	s.ann.wasOnly("connected", "reconnecting", "offline")
	s.bob.wasOnly("connected", "reconnecting") // his link was cut as well
	s.ann.calm(append(brokenLink, "ERR_INTERNET_DISCONNECTED")...)
	s.bob.calm(brokenLink...)
}

// Redis is killed and comes back with everything: nobody is disconnected, what is written meanwhile goes out by itself, and the page says
// that it does not go out yet.
func TestPageOverAKilledRedis(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{RedisArgs: []string{"--appendfsync", "always"}})
	s.bob.drafts("half a sen")
	for _, round := range []string{"first", "second"} {
		s.kill(s.c.Redis)
		s.says(s.ann, round+" one", round+" two")
		s.ann.holds(round+" one", round+" two")
		s.ann.tells("sending", "2 unsent")
		s.ann.shoot("redis-killed")
		if err := s.c.Redis.Start(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		s.agree()
		s.ann.tells("connected", "connected · ")
	}
	s.bob.keeps("half a sen")
	s.ann.wasOnly("connected", "sending")
	s.bob.wasOnly("connected")
	for _, w := range []*window{s.ann, s.bob} {
		w.calm()
	}
}
