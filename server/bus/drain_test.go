package bus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
)

// Everything that Redis had sent when it died is received, even if the link can
// no longer be written to: a server that lags must not lose acknowledged
// messages.
func TestDeadLinkIsReadToTheEnd(t *testing.T) {
	const messages = 40 // few enough for the buffers of the kernel
	r := realRedis(t)
	b := open(t, r.url, Options{SubscriptionTimeout: 2 * time.Second, PublishTimeout: patient})
	held := make(chan struct{}) // closed when the reader may continue
	h := &recorder{}
	h.onPayload = func([]byte) { <-held } // the reader stalls, as on a busy machine
	subscribe(t, b, h, room)
	answers := make(chan answer, messages)
	text := strings.Repeat("x", 1000)
	for i := range messages {
		if err := b.PublishBody(t.Context(), publication(room, fmt.Sprint("m", i), text, answers)); err != nil {
			t.Fatal(err)
		}
	}
	for range messages {
		if a := <-answers; a.err != nil {
			t.Fatal(a.err)
		}
	}
	for range 3 { // Redis sends what it has before it answers this
		if err := r.raw.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.stop(t)
	time.Sleep(1200 * time.Millisecond) // the link's writer notices within a third of SubscriptionTimeout
	close(held)
	poll.Until(t, "the link is given up", func() bool { return h.count("down", "") > 0 })
	wantDense(t, "received", h.seqs(t, room), 1, messages)
}
