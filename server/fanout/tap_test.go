package fanout

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/wire"
)

// taps collects the payloads of whole frames that a tap is told of.
type taps struct {
	mu   sync.Mutex
	said []string // guarded by mu
}

func (t *taps) tap(frames [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, frame := range frames {
		if f, err := readFrame(bytes.NewReader(frame)); err == nil {
			t.said = append(t.said, string(f.payload))
		}
	}
}

func (t *taps) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.said...)
}

// A tap is told of each frame once, in the order in which its client gets them,
// also if the client is slow; and of none once it has ended.
func TestTap(t *testing.T) {
	for _, slow := range []bool{false, true} {
		t.Run(fmt.Sprint("slow ", slow), func(t *testing.T) {
			const messages = 300
			w := newWorld(t, 1024, func(o *Options) { o.SendBuffer = 4096 })
			c, conn := w.join()
			other, otherConn := w.join()
			_ = conn.SetReadBuffer(4096)
			deadline(t, conn, time.Minute)
			deadline(t, otherConn, time.Minute)
			var tapped, nothing taps
			c.Tap(tapped.tap)
			other.Tap(nothing.tap)
			other.Tap(nil)
			var reading sync.WaitGroup
			reading.Go(func() { expectSeqs(t, otherConn, 1, messages) })
			if !slow {
				reading.Go(func() { expectSeqs(t, conn, 1, messages) })
			}
			for range messages {
				w.publish(1000)
			}
			if slow { // it begins when its socket is full
				poll.Until(t, "the client is slow", func() bool { return len(tapped.all()) > 0 })
				reading.Go(func() { expectSeqs(t, conn, 1, messages) })
			}
			reading.Wait()
			c.Close(wire.CloseKicked)
			if _, err := readFrame(conn); err != nil {
				t.Fatal(err)
			}
			poll.Until(t, "all is told", func() bool { return len(tapped.all()) >= messages+1 })
			said := tapped.all()
			if len(said) != messages+1 || !strings.Contains(said[messages], wire.CloseKicked.String()) {
				t.Errorf("%d frames, the last is %.40q", len(said), said[len(said)-1])
			}
			for i := range messages {
				if !strings.Contains(said[i], fmt.Sprintf(`"seq":%d,`, i+1)) {
					t.Fatalf("frame %d is %.60q", i, said[i])
				}
			}
			if got := nothing.all(); len(got) > 0 {
				t.Errorf("a tap that has ended is told of %d frames", len(got))
			}
		})
	}
}
