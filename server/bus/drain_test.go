package bus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
)

// What Redis had sent when it died is heard, although the link cannot be written
// to any more: a server that is behind must not forget what was acknowledged.
func TestDeadLinkIsReadToItsEnd(t *testing.T) {
	const messages = 40 // so few fit into the kernel
	r := realRedis(t)
	b := open(t, r.url, Options{FeedTimeout: 2 * time.Second, PublishTimeout: patient})
	held := make(chan struct{}) // closed when the reader may go on
	h := &recorder{}
	h.onPayload = func([]byte) { <-held } // it stands still, as on a machine that is busy
	follow(t, b, h, room)
	answers := make(chan answer, messages)
	text := strings.Repeat("x", 1000)
	for i := range messages {
		if err := b.Publish(t.Context(), publication(room, fmt.Sprint("m", i), text, answers)); err != nil {
			t.Fatal(err)
		}
	}
	for range messages {
		if a := <-answers; a.err != nil {
			t.Fatal(a.err)
		}
	}
	for range 3 { // what Redis had to send it sends before it answers this
		if err := r.raw.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.stop(t)
	time.Sleep(1200 * time.Millisecond) // the link's writer notices within a third of FeedTimeout
	close(held)
	poll.Until(t, "the link is given up", func() bool { return h.count("down", "") > 0 })
	wantDense(t, "heard", h.seqs(t, room), 1, messages)
}
