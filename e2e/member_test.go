package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/client"
)

func newID() string { return uuid.NewString() }

func asRefused(t *testing.T, err error) *client.RefusedError {
	t.Helper()
	var refused *client.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("dial: %v, want a refusal", err)
	}
	return refused
}

// member is a session that remembers everything it was told.
type member struct {
	*client.Session

	mu       sync.Mutex
	apps     []string // the servers it was connected to, in order
	messages []entry
	lost     int // connections
	resets   int
	trouble  []string // gaps and errors
}

// entry is what identifies a message.
type entry struct {
	Seq      uint64
	ID, Text string
}

// join starts a session that the test's end stops.
func join(t *testing.T, o client.Options) *member {
	m := &member{}
	m.Session = client.NewSession(o, m.take)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.Run(ctx); ctx.Err() == nil {
			t.Errorf("%s: the session ended: %v", o.Name, err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return m
}

func (m *member) take(event client.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := event.(type) {
	case *client.Welcome:
		m.apps = append(m.apps, e.App)
	case *client.Message:
		m.messages = append(m.messages, entry{e.Seq, e.ID, e.Text})
	case *client.Disconnected:
		m.lost++
	case *client.Reset:
		m.resets++
	case *client.Gap, *client.Error:
		m.trouble = append(m.trouble, fmt.Sprintf("%T%+v", e, e))
	}
}

// app returns the server it was connected to last, "" if none.
func (m *member) app() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.apps) == 0 {
		return ""
	}
	return m.apps[len(m.apps)-1]
}

func (m *member) connections() (welcomed, lost int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.apps), m.lost
}

// heard returns everything it was told so far.
func (m *member) heard() []entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// joinAll starts n sessions and returns when each has been welcomed.
func joinAll(t *testing.T, n int, options func(i int) client.Options) []*member {
	t.Helper()
	members := make([]*member, n)
	for i := range members {
		members[i] = join(t, options(i))
	}
	eventually(t, 30*time.Second, "everybody joins", func() error {
		for i, m := range members {
			if m.app() == "" {
				return fmt.Errorf("member %d has not been welcomed", i)
			}
		}
		return nil
	})
	return members
}

// acked is what the senders know to be in the log.
type acked struct {
	mu      sync.Mutex
	entries []entry
}

func (a *acked) add(ack client.Ack, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = append(a.entries, entry{ack.Seq, ack.ID, text})
}

// sorted returns the entries by seq.
func (a *acked) sorted() []entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := slices.Clone(a.entries)
	slices.SortFunc(all, func(x, y entry) int { return int(x.Seq) - int(y.Seq) })
	return all
}

// pick returns n members spread evenly.
func pick(members []*member, n int) []*member {
	var some []*member
	for i := range n {
		some = append(some, members[i*len(members)/n])
	}
	return some
}

// talk lets every one of the given members send a message after the other, up to a hundred a second, until the returned function is called.
func talk(t *testing.T, senders []*member, sent *acked) (stop func()) {
	var sending sync.WaitGroup
	enough := make(chan struct{})
	for i, m := range senders {
		sending.Go(func() {
			ticker := time.NewTicker(10 * time.Millisecond)
			defer ticker.Stop()
			for n := 0; ; n++ {
				select {
				case <-enough:
					return
				case <-ticker.C:
				}
				text := fmt.Sprintf("%d.%d", i, n)
				ack, err := m.Send(within(t, 30*time.Second), text)
				if err != nil {
					t.Errorf("send %s: %v", text, err)
					return
				}
				sent.add(ack, text)
			}
		})
	}
	return func() { close(enough); sending.Wait() }
}

// checkHistory fails the test unless every member heard exactly the acked messages, which are all that was ever sent: none missing, none twice, all
// in one order, which is that of a dense seq.
func checkHistory(t *testing.T, members []*member, sent *acked, resets int) {
	t.Helper()
	want := sent.sorted()
	for i, e := range want {
		if e.Seq != want[0].Seq+uint64(i) {
			t.Fatalf("the acks are not dense: %d follows %d", e.Seq, want[max(i, 1)-1].Seq)
		}
	}
	last := want[len(want)-1].Seq
	eventually(t, 60*time.Second, "everybody hears everything", func() error {
		for i, m := range members {
			if at, _ := m.Position(); at.Seq < last {
				return fmt.Errorf("member %d stands at %d of %d", i, at.Seq, last)
			}
		}
		return nil
	})
	for i, m := range members {
		if got := m.heard(); !slices.Equal(got, want) {
			t.Errorf("member %d heard %d messages, want %d; first difference at %d", i, len(got), len(want), firstDifference(got, want))
		}
		m.mu.Lock()
		if len(m.trouble) > 0 {
			t.Errorf("member %d: %q", i, m.trouble)
		}
		if m.resets != resets {
			t.Errorf("member %d was told of %d new epochs, want %d", i, m.resets, resets)
		}
		m.mu.Unlock()
	}
}

func firstDifference(a, b []entry) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
