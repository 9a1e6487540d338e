package fanout

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Clients that missed far more than the ring holds get everything: pages, then
// the ring, then live messages, while the room continues and their sockets are
// small.
func TestReplayThenRing(t *testing.T) {
	const missed, live, clients = 3000, 500, 6
	w := newWorld(t, 512, func(o *Options) { o.SendBuffer = 4096 })
	for range missed {
		w.publish(100)
	}
	var wg sync.WaitGroup
	for i := range clients {
		server, conn := w.dial()
		deadline(t, conn, time.Minute)
		c, err := w.fan.Add(server)
		if err != nil {
			t.Fatal(err)
		}
		first := uint64(i*300 + 1)
		s := w.room.Resume(t.Context(), chat.Position{Epoch: epoch, Seq: first - 1}, 0)
		if !s.Replay || !s.Recovered {
			t.Fatalf("resume from %d: %+v", first-1, s)
		}
		c.Send(wire.TextFrame([]byte("welcome")))
		c.Attach(w.room, s)
		wg.Go(func() {
			if f, err := readFrame(conn); err != nil || string(f.payload) != "welcome" {
				t.Errorf("the first frame is %.40q, %v", f.payload, err)
			}
			expectSeqs(t, conn, first, missed+live)
		})
	}
	for range live {
		w.publish(100)
	}
	wg.Wait()
}

// The pages of all replaying clients stay near a total size, and a page of long
// messages has few of them.
func TestReplayIsBoundedInBytes(t *testing.T) {
	f, held := New(Options{}), 0
	for range 3000 { // each takes its limit when it comes
		f.replaying.Add(1)
		held += f.pageLimit()
	}
	if held > 3*allPagesBytes || f.pageLimit() < minPageBytes {
		t.Errorf("3,000 clients hold %d MB, the last of them %d bytes", held>>20, f.pageLimit())
	}
	n := firstPage
	for range 9 {
		n = nextPage(n, n, 100*n, pageBytes)
	}
	if n != maxPage {
		t.Errorf("a page of short messages has %d, want %d", n, maxPage)
	}
	if n = nextPage(n, 4, 64_000, pageBytes); n != 4 {
		t.Errorf("a page of messages of 16 KB has %d, want 4", n)
	}
	if n = nextPage(n, 1, 70_000, minPageBytes); n != 1 {
		t.Errorf("a page of longer ones has %d, want 1", n)
	}
}

// If the log cannot be read, a client that needs it is asked to reconnect.
func TestReplayClosesClientWhenLogIsUnreadable(t *testing.T) {
	w := newWorld(t, 256, nil)
	for range 1000 {
		w.publish(10)
	}
	s := w.room.Resume(t.Context(), chat.Position{Epoch: epoch}, 0)
	w.log.mu.Lock()
	w.log.err = errors.New("redis is down")
	w.log.mu.Unlock()
	server, conn := w.dial()
	deadline(t, conn, time.Minute)
	c, err := w.fan.Add(server)
	if err != nil {
		t.Fatal(err)
	}
	c.Attach(w.room, s)
	f, err := readFrame(conn)
	if err != nil || f.op != 0x8 || binary.BigEndian.Uint16(f.payload) != uint16(wire.CloseOverloaded) {
		t.Errorf("op %d %q, %v", f.op, f.payload, err)
	}
}
