package node

import (
	"fmt"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// TestResumeBeyondTheRing: a client that missed far more than the ring holds
// gets all of it from the log, in order, then live messages.
func TestResumeBeyondTheRing(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		const missed = 600
		n := start(t, "REDIS_URL="+redisURL, "RING_SIZE=256", "HISTORY_LENGTH=100000", "MESSAGE_RATE=0",
			"PUBLISH_TIMEOUT=1m")
		first := dial(t, n)
		for i := range missed {
			first.send(fmt.Sprint(i))
		}
		poll.Until(t, "all is in the log",
			func() bool { return n.rooms.Get("livechat").Position().Seq == missed })
		back := dial(t, n, fmt.Sprintf("after=%s:1", first.welcome.Epoch))
		if !*back.welcome.Recovered {
			t.Errorf("welcome: %+v", back.welcome)
		}
		first.send("live")
		for want := uint64(2); want <= missed+1; want++ {
			if m := back.next("message"); m.Seq != want {
				t.Fatalf("got %d, want %d", m.Seq, want)
			}
		}
	})
}

// TestResumeBeyondTheLog: messages that no longer exist are announced as a gap,
// before those that do.
func TestResumeBeyondTheLog(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "RING_SIZE=256", "HISTORY_LENGTH=512", "MESSAGE_RATE=0",
		"ROLE=ws") // without an archive
	p := dial(t, n)
	for i := range 1000 {
		p.send(fmt.Sprint(i))
	}
	poll.Until(t, "all is in the log", func() bool { return n.rooms.Get("livechat").Position().Seq == 1000 })
	back := dial(t, n, fmt.Sprintf("after=%s:100", p.welcome.Epoch))
	if *back.welcome.Recovered {
		t.Error("recovered what is lost")
	}
	gap := back.next("gap")
	if gap.From != 101 || gap.To < 300 || gap.To > 1000-512 { // the stream is trimmed by the hundred
		t.Errorf("gap: %+v", gap)
	}
	for want := gap.To + 1; want <= 1000; want++ {
		if m := back.next("message"); m.Seq != want {
			t.Fatalf("got %d, want %d", m.Seq, want)
		}
	}
}

// TestResumeAfterLogWentBack: Redis and all servers crashed, and Redis restored
// an older state. A client that has seen more must receive the messages that
// get the lost numbers next.
func TestResumeAfterLogWentBack(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		p := dial(t, n)
		p.send("one")
		p.next("message")
		back := dial(t, n, fmt.Sprintf("after=%s:10", p.welcome.Epoch))
		if *back.welcome.Recovered || back.welcome.Seq != 1 {
			t.Errorf("welcome: %+v", back.welcome)
		}
		if e := back.next("reset"); e.Epoch != p.welcome.Epoch || e.Seq != 0 {
			t.Errorf("reset: %+v", e)
		}
		p.send("two")
		for want := uint64(1); want <= 2; want++ {
			if m := back.next("message"); m.Seq != want {
				t.Errorf("got %d, want %d", m.Seq, want)
			}
		}
	})
}
