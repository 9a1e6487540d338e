package fanout

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"livechat/server/wire"
)

// A client that does not read is closed as too slow when the ring has overtaken
// it; the others lose nothing.
func TestOvertakenReaderIsClosed(t *testing.T) {
	w := newWorld(t, 256, func(o *Options) { o.SendBuffer, o.WriteTimeout = 4096, time.Minute })
	mute, muteConn := w.join()
	_ = muteConn.SetReadBuffer(4096)
	_, good := w.join()
	deadline(t, good, time.Minute)
	deadline(t, muteConn, time.Minute)
	const messages, ahead = 2000, 64
	var wg sync.WaitGroup
	// The good reader is never further behind than this.
	room := make(chan struct{}, ahead)
	wg.Go(func() {
		for seq := range uint64(messages) {
			expectSeqs(t, good, seq+1, seq+1)
			<-room
		}
	})
	for range messages {
		room <- struct{}{}
		w.publish(1000)
	}
	wg.Wait()
	mute.Send(wire.TextFrame([]byte("for you alone")))
	// It starts to read only now: it gets what was started, in order, its own
	// frame, then the close frame.
	alone := false
	for want := uint64(1); ; want++ {
		f, err := readFrame(muteConn)
		if err != nil {
			t.Fatalf("at message %d: %v", want, err)
		}
		if string(f.payload) == "for you alone" {
			alone = true
			continue
		}
		if f.op == 0x8 {
			if code := wire.CloseCode(binary.BigEndian.Uint16(f.payload)); code != wire.CloseTooSlow {
				t.Errorf("closed with %d, want %d", code, wire.CloseTooSlow)
			}
			break
		}
		if got := seqOf(t, f); got != want {
			t.Fatalf("got message %d, want %d", got, want)
		}
	}
	if mute.Closed() != wire.CloseTooSlow || !alone {
		t.Errorf("Closed() = %d, got its own frame: %v", mute.Closed(), alone)
	}
}

// No wakeup is lost between the last look of a slow client's goroutine and the
// shard's taking the client back.
func TestReclaimedClientMissesNothing(t *testing.T) {
	w := newWorld(t, 256, nil)
	s, c, conn := w.idleShard(w.room.Join(0))
	c.slow = true
	w.publish(10)
	s.reclaim(c)
	expectSeqs(t, conn, 1, 1)
}

// A client that takes nothing for the write timeout is closed even in a quiet
// room.
func TestStalledReaderIsClosed(t *testing.T) {
	w := newWorld(t, 4096, func(o *Options) { o.SendBuffer, o.WriteTimeout = 4096, 100*time.Millisecond })
	c, conn := w.join()
	_ = conn.SetReadBuffer(4096)
	for range 3000 {
		w.publish(1000)
	}
	var b [1]byte
	// it waits, for longer than the write timeout
	if _, err := c.conn.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, io.EOF) {
		t.Errorf("the server's end reads %v, want a read that timed out or ended", err)
	}
	if c.Closed() != wire.CloseTooSlow {
		t.Errorf("Closed() = %d", c.Closed())
	}
}

// A client that sends requests but does not read the answers is closed.
func TestControlQueueIsBounded(t *testing.T) {
	w := newWorld(t, 256, func(o *Options) { o.SendBuffer, o.WriteTimeout = 4096, time.Minute })
	c, conn := w.join()
	_ = conn.SetReadBuffer(4096)
	for n := 0; c.Closed() == 0; n++ {
		if n > 1<<20 {
			t.Fatal("a million frames were queued")
		}
		c.Send(wire.TextFrame(make([]byte, 1000)))
	}
	if c.Closed() != wire.CloseTooSlow {
		t.Errorf("closed with %d", c.Closed())
	}
}
