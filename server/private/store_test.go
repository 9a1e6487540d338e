package private

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// feeds holds the logs of rooms in memory. It adds each id once.
type feeds struct {
	mu   sync.Mutex
	logs map[string][][]byte // payloads; guarded by mu
	ids  map[string]bool     // guarded by mu
}

// PublishEvent implements Publisher.
func (f *feeds) PublishEvent(_ context.Context, room string, e chat.Message, _ string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids[e.ID] {
		return testEpoch, nil
	}
	f.ids[e.ID] = true
	f.logs[room] = append(f.logs[room], payload(chat.AppendBody(nil, &e)))
	return testEpoch, nil
}

// summary returns a word for each event of a feed.
func (f *feeds) summary(t *testing.T, user int64) (list []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.logs[chat.FeedRoom(user)] {
		var e struct {
			Name, Text, Event string
			N                 int64
		}
		if _, ok := wire.ParseEntry(p); !ok {
			t.Fatalf("%s is not parsed as a message", p)
		}
		if err := json.Unmarshal(p, &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(e.Event, " ", e.N, " ", e.Name, " ", e.Text))
	}
	return list
}

// first is a store whose relay always believes that it leads. Two of them at
// once are the worst case.
type first struct{ *store.Store }

func (first) TryLock(context.Context, string, time.Duration) (bool, error) { return true, nil }
func (first) Unlock(context.Context, string) error                         { return nil }

func leased(s *store.Store) Outbox   { return s }
func unleased(s *store.Store) Outbox { return first{s} }

// Events of a chat reach the feeds of both sides in order, with a real database
// and two servers.
func TestEventsReachBothFeedsInOrder(t *testing.T) {
	for name, outbox := range map[string]func(*store.Store) Outbox{"one relay works": leased,
		"both relays work": unleased} {
		t.Run("sqlite, "+name, func(t *testing.T) {
			newPair(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), outbox).converse(t, func(int) {})
		})
		t.Run("postgres, "+name, func(t *testing.T) {
			newPair(t, testpg.New(t).Database(), outbox).converse(t, func(int) {})
		})
	}
}

// Messages that got no answer because the database died are retried with their
// ids. Each is in the feeds once.
func TestRetriedPostsAppearOnceAfterDatabaseRestart(t *testing.T) {
	server := testpg.New(t)
	newPair(t, server.Database(), leased).converse(t, func(i int) {
		if i == 13 {
			server.Kill()
			server.Start()
		}
	})
}

// Edits and deletes reach both feeds in the order in which they were made. An
// event that was not published by then has the text of its message as it is now.
func TestChangesReachBothFeeds(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "test.db"),
		"postgres": testpg.New(t).Database()} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, url, leased)
			ctx := t.Context()
			c, _, err := p.services[0].Create(ctx, p.users[0], "bob")
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"chat 0 ann "}
			is := func(what string, err error, event string) {
				t.Helper()
				if err != nil {
					t.Fatal(what, ": ", err)
				}
				want = append(want, event)
				p.quiet(t)
			}
			first, _, err := p.services[0].Post(ctx, p.users[0], c.ID, "", "helo")
			is("post", err, "message 1 ann helo")
			_, err = p.services[1].EditMessage(ctx, p.users[0], c.ID, first.ID, "", "hello")
			is("edit", err, "edit 1 ann hello")
			_, _, err = p.services[0].Post(ctx, p.users[1], c.ID, "", "hi")
			is("answer", err, "message 2 bob hi")
			_, err = p.services[0].EditMessage(ctx, p.users[0], c.ID, first.ID, "", "hello!")
			is("edit again", err, "edit 1 ann hello!")
			is("delete", p.services[1].DeleteMessage(ctx, p.users[0], c.ID, first.ID), "delete 1 ann ")
			for _, user := range p.users {
				if got := p.feeds.summary(t, user); !slices.Equal(got, want) {
					t.Errorf("the feed of %d:\n%q\nwant\n%q", user, got, want)
				}
			}
		})
	}
}

// quiet waits until all events are published.
func (p *pair) quiet(t *testing.T) {
	t.Helper()
	poll.Until(t, "the outbox is empty", func() bool {
		events, err := p.stores[0].Outbox(t.Context(), 10)
		return err == nil && len(events) == 0
	})
}

// pair is two servers on one database.
type pair struct {
	services [2]*Service
	stores   [2]*store.Store
	users    [2]int64 // ann and bob
	feeds    *feeds
}

func newPair(t *testing.T, url string, outbox func(*store.Store) Outbox) *pair {
	t.Helper()
	p := &pair{feeds: &feeds{logs: make(map[string][][]byte), ids: make(map[string]bool)}}
	var relays [2]*Relay
	for i := range relays {
		s, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		relays[i] = NewRelay(RelayOptions{Store: outbox(s), Publisher: p.feeds, App: "1000",
			Nudge: func(context.Context) {
				for _, r := range relays {
					r.Nudged()
				}
			}})
		p.stores[i], p.services[i] = s, New(Options{Store: s, MaxText: 100, Wake: relays[i].Wake})
	}
	for _, relay := range relays {
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		t.Cleanup(func() {
			cancel()
			running.Wait()
		})
	}
	for i, name := range []string{"ann", "bob"} {
		u, err := p.stores[0].CreateUser(t.Context(), name, name, "hash")
		if err != nil {
			t.Fatal(err)
		}
		p.users[i] = u.ID
	}
	return p
}

// converse has ann and bob talk, each on a server of their own, and checks
// their feeds. disturb is called along with each message.
func (p *pair) converse(t *testing.T, disturb func(i int)) {
	t.Helper()
	c, _, err := p.services[0].Create(t.Context(), p.users[0], "bob")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"chat 0 ann "}
	const messages = 40
	for i := range messages {
		var disturbing sync.WaitGroup
		disturbing.Go(func() { disturb(i) })
		id, text, author := uuid.NewString(), fmt.Sprint("text ", i), i%2
		poll.Until(t, "a message is taken", func() bool {
			_, _, err := p.services[author].Post(t.Context(), p.users[author], c.ID, id, text)
			return err == nil
		})
		want = append(want, fmt.Sprint("message ", i+1, " ", []string{"ann", "bob"}[author], " ", text))
		disturbing.Wait()
	}
	poll.Until(t, "bob's mark is taken", func() bool {
		_, _, err := p.services[1].Read(t.Context(), p.users[1], c.ID, messages)
		return err == nil
	})
	want = append(want, fmt.Sprint("read ", messages, " bob "))

	p.quiet(t)
	for _, user := range p.users {
		if got := p.feeds.summary(t, user); !slices.Equal(got, want) {
			t.Errorf("the feed of %d:\n%q\nwant\n%q", user, got, want)
		}
	}
}
