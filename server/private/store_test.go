package private

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// feeds are the logs of rooms in memory: each id once.
type feeds struct {
	mu   sync.Mutex
	logs map[string][][]byte // guarded by mu: payloads
	ids  map[string]string   // guarded by mu: digest of each
}

// Publish implements Publisher.
func (f *feeds) Publish(_ context.Context, room, id string, body []byte, digest string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.ids[id]; ok {
		if known != digest {
			return fmt.Errorf("%s was published with another digest", id)
		}
		return nil
	}
	f.ids[id] = digest
	f.logs[room] = append(f.logs[room], payload(body))
	return nil
}

// summary says in a word each what a feed has.
func (f *feeds) summary(t *testing.T, user int64) (list []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.logs[chat.FeedRoom(user)] {
		var e struct {
			Name, Text, Event string
			N                 int64
		}
		if _, ok := wire.ParseEntry(p); !ok {
			t.Fatalf("no server takes %s for a message", p)
		}
		if err := json.Unmarshal(p, &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(e.Event, " ", e.N, " ", e.Name, " ", e.Text))
	}
	return list
}

// first is a store whose relay always believes that it is the one to work: what two of them do at once is the worst case.
type first struct{ *store.Store }

func (first) TryLock(context.Context, string, time.Duration) (bool, error) { return true, nil }
func (first) Unlock(context.Context, string) error                         { return nil }

// What happens in a chat reaches the feeds of both, in order, over a real database and two relays that both work on it.
func TestFromTheStoreToTheFeeds(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	f := &feeds{logs: make(map[string][][]byte), ids: make(map[string]string)}
	var relays []*Relay
	var stores []*store.Store
	for range 2 {
		s, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		relay := NewRelay(RelayOptions{Store: first{s}, Publisher: f, App: "1000"})
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		t.Cleanup(func() {
			cancel()
			running.Wait()
		})
		relays, stores = append(relays, relay), append(stores, s)
	}
	var users [2]int64
	for i, name := range []string{"ann", "bob"} {
		u, err := stores[0].CreateUser(t.Context(), name, name, "hash")
		if err != nil {
			t.Fatal(err)
		}
		users[i] = u.ID
	}
	services := []*Service{
		New(Options{Store: stores[0], MaxText: 100, Wake: relays[0].Wake}),
		New(Options{Store: stores[1], MaxText: 100, Wake: relays[1].Wake}),
	}

	want := []string{"chat 0 ann "}
	c, _, err := services[0].Create(t.Context(), users[0], "bob")
	if err != nil {
		t.Fatal(err)
	}
	const messages = 40
	for i := range messages {
		m, created, err := services[i%2].Post(t.Context(), users[i%2], c.ID, "", fmt.Sprint("text ", i))
		if err != nil || !created {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint("message ", m.N, " ", []string{"ann", "bob"}[i%2], " text ", i))
	}
	if _, _, err := services[1].Read(t.Context(), users[1], c.ID, messages); err != nil {
		t.Fatal(err)
	}
	want = append(want, fmt.Sprint("read ", messages, " bob "))

	poll.Until(t, "the outbox is empty", func() bool {
		events, err := stores[0].Outbox(t.Context(), 10)
		return err == nil && len(events) == 0
	})
	for _, user := range users {
		got := f.summary(t, user)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the feed of %d:\n%q\nwant\n%q", user, got, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if m, err := services[0].History(ctx, users[0], c.ID, 0, 0, 100); err != nil || len(m) != messages {
		t.Errorf("%d messages in the history, %v", len(m), err)
	}
}
