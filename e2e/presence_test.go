package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
)

// watcher is a connection that keeps count of who is here, as the page does.
type watcher struct {
	mu     sync.Mutex
	online int
	names  map[string]bool
	frames int
	typing []string
}

func watch(t *testing.T, url, name string) *watcher {
	t.Helper()
	w := &watcher{names: map[string]bool{}}
	conn := dial(t, client.Options{URL: url, Name: name, History: new(0)})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			event, err := conn.Next(context.Background())
			if err != nil {
				return // the test's end, or what the test sees in the counts
			}
			w.take(event)
		}
	})
	t.Cleanup(func() { conn.Close(); reading.Wait() })
	return w
}

func (w *watcher) take(event client.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *client.Typing:
		w.typing = append(w.typing, e.Name)
	case *client.Presence:
		w.frames++
		w.online = e.Online
		if e.Names != nil {
			clear(w.names)
		}
		for _, name := range slices.Concat(e.Names, e.Joined) {
			w.names[name] = true
		}
		for _, name := range e.Left {
			delete(w.names, name)
		}
	}
}

// sees returns an error unless the watcher counts online connections of the given number of names.
func (w *watcher) sees(online, names int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.online != online || len(w.names) != names {
		return fmt.Errorf("counts %d connections of %d names, want %d of %d", w.online, len(w.names), online, names)
	}
	return nil
}

func TestPresence(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{})
	var watchers []*watcher
	for i := range c.Servers {
		watchers = append(watchers, watch(t, c.ServerURL(i), fmt.Sprint("watcher-", i)))
	}
	everybodySees := func(d time.Duration, watchers []*watcher, online, names int) {
		t.Helper()
		eventually(t, d, "presence", func() error {
			for i, w := range watchers {
				if err := w.sees(online, names); err != nil {
					return fmt.Errorf("watcher %d %w", i, err)
				}
			}
			return nil
		})
	}
	everybodySees(10*time.Second, watchers, 4, 4)

	const people = 40
	var open []*client.Conn
	perServer := map[string]int{}
	for i := range people {
		conn := dial(t, client.Options{URL: c.RoomURL(), Name: fmt.Sprint("person-", i), History: new(0)})
		perServer[await[*client.Welcome](t, conn, nil).App]++
		open = append(open, conn)
	}
	everybodySees(10*time.Second, watchers, 4+people, 4+people)

	// Someone who comes late sees all of them at once, and the same name twice counts once.
	late := watch(t, c.RoomURL(), "person-1")
	everybodySees(10*time.Second, append(slices.Clone(watchers), late), 5+people, 4+people)

	for _, conn := range open[:10] {
		conn.Close()
	}
	everybodySees(10*time.Second, watchers, 5+people-10, 4+people-9) // person-1 is here once more

	if err := open[20].Typing(); err != nil {
		t.Error(err)
	}
	eventually(t, 10*time.Second, "typing is seen", func() error {
		for i, w := range watchers {
			w.mu.Lock()
			typing := slices.Clone(w.typing)
			w.mu.Unlock()
			if !slices.Equal(typing, []string{"person-20"}) {
				return fmt.Errorf("watcher %d sees %q typing", i, typing)
			}
		}
		return nil
	})
}

// The people of a killed server are gone within seconds; frames about it come once a second at most.
func TestPresenceOfAKilledServer(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{})
	var watchers []*watcher
	for i := range c.Servers[1:] {
		watchers = append(watchers, watch(t, c.ServerURL(i+1), fmt.Sprint("watcher-", i)))
	}
	for i := range 10 {
		dial(t, client.Options{URL: c.ServerURL(0), Name: fmt.Sprint("doomed-", i)})
	}
	all := func(online int) func() error {
		return func() error {
			for i, w := range watchers {
				if err := w.sees(online, online); err != nil {
					return fmt.Errorf("watcher %d %w", i, err)
				}
			}
			return nil
		}
	}
	eventually(t, 10*time.Second, "everybody is here", all(13))
	if err := c.Servers[0].Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	eventually(t, 10*time.Second, "the killed server's people are gone", all(3))
	took := time.Since(killed)
	t.Logf("gone after %v", took)
	if took > 7*time.Second {
		t.Errorf("they were gone after %v, want a few seconds", took)
	}
	for i, w := range watchers {
		w.mu.Lock()
		if w.frames > 10 {
			t.Errorf("watcher %d was sent %d presence frames", i, w.frames)
		}
		w.mu.Unlock()
	}
}
