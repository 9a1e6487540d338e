package harness

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/client"
)

// Member is a session that records every event.
type Member struct {
	*client.Session

	mu       sync.Mutex
	apps     []string // servers that it was connected to, in order
	messages []Entry
	files    map[string][]client.File // by message
	lost     int                      // connections
	resets   int
	trouble  []string // gaps and errors
}

// Entry identifies a message.
type Entry struct {
	Seq      uint64
	ID, Text string
}

// Join starts a session that runs until the test ends.
func Join(t *testing.T, o client.Options) *Member {
	m := &Member{files: map[string][]client.File{}}
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

func (m *Member) take(event client.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := event.(type) {
	case *client.Welcome:
		m.apps = append(m.apps, e.App)
	case *client.Message:
		m.messages = append(m.messages, Entry{e.Seq, e.ID, e.Text})
		m.files[e.ID] = e.Files
	case *client.Disconnected:
		m.lost++
	case *client.Reset:
		m.resets++
	case *client.Gap, *client.Error:
		m.trouble = append(m.trouble, fmt.Sprintf("%T%+v", e, e))
	}
}

// App returns the server that it was connected to last, "" if none.
func (m *Member) App() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.apps) == 0 {
		return ""
	}
	return m.apps[len(m.apps)-1]
}

func (m *Member) Connections() (welcomed, lost int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.apps), m.lost
}

// Resets returns how many new epochs the member was told of.
func (m *Member) Resets() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.resets
}

// Problems returns the gaps and errors that the member received.
func (m *Member) Problems() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.trouble)
}

// Received returns the messages received so far.
func (m *Member) Received() []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// Files returns the files of a message that it has received.
func (m *Member) Files(message string) []client.File {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[message]
}

// JoinAll starts n sessions and returns when each has received its welcome.
func JoinAll(t *testing.T, n int, options func(i int) client.Options) []*Member {
	t.Helper()
	members := make([]*Member, n)
	for i := range members {
		members[i] = Join(t, options(i))
	}
	Eventually(t, time.Minute, "all members join", func() error {
		for i, m := range members {
			if m.App() == "" {
				return fmt.Errorf("member %d has no welcome", i)
			}
		}
		return nil
	})
	return members
}

// Acked collects the messages that were acked.
type Acked struct {
	mu      sync.Mutex
	entries []Entry
}

func (a *Acked) Add(ack client.Ack, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = append(a.entries, Entry{ack.Seq, ack.ID, text})
}

// Sorted returns the entries by seq.
func (a *Acked) Sorted() []Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := slices.Clone(a.entries)
	slices.SortFunc(all, func(x, y Entry) int { return int(x.Seq) - int(y.Seq) })
	return all
}

// Pick returns n members, spread evenly.
func Pick(members []*Member, n int) []*Member {
	var some []*Member
	for i := range n {
		some = append(some, members[i*len(members)/n])
	}
	return some
}

// Talk makes each of the members publish one message after the other, up to a
// hundred a second, until stop is called.
func Talk(t *testing.T, senders []*Member, sent *Acked) (stop func()) {
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
				ack, err := m.Send(Within(t, time.Minute), text)
				if err != nil {
					t.Errorf("send %s: %v", text, err)
					return
				}
				sent.Add(ack, text)
			}
		})
	}
	return func() { close(enough); sending.Wait() }
}

// CheckHistory fails the test unless each member received exactly the acked
// messages, which have to be all that was ever published: none missing, none
// twice, all in the order of a dense seq.
func CheckHistory(t *testing.T, members []*Member, sent *Acked, resets int) {
	t.Helper()
	want := sent.Sorted()
	for i, e := range want {
		if e.Seq != want[0].Seq+uint64(i) {
			t.Fatalf("seqs of acks are not dense: %d follows %d", e.Seq, want[max(i, 1)-1].Seq)
		}
	}
	last := want[len(want)-1].Seq
	Eventually(t, 60*time.Second, "all members receive everything", func() error {
		for i, m := range members {
			if at, _ := m.Position(); at.Seq < last {
				return fmt.Errorf("member %d is at %d of %d", i, at.Seq, last)
			}
		}
		return nil
	})
	for i, m := range members {
		if got := m.Received(); !slices.Equal(got, want) {
			t.Errorf("member %d received %d messages, want %d; first difference at %d", i, len(got),
				len(want), firstDifference(got, want))
		}
		if problems := m.Problems(); len(problems) > 0 {
			t.Errorf("member %d: %q", i, problems)
		}
		if n := m.Resets(); n != resets {
			t.Errorf("member %d was told of %d new epochs, want %d", i, n, resets)
		}
	}
}

func firstDifference(a, b []Entry) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
