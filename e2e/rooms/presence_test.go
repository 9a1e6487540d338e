package rooms

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// watcher is a connection that counts who is online, as the page does.
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
	conn := harness.Dial(t, client.Options{URL: url, Name: name, History: new(0)})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			event, err := conn.Next(context.Background())
			if err != nil {
				return // the test ended, or its counts are wrong
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

// sees returns an error unless the watcher counts online connections of the
// given number of names.
func (w *watcher) sees(online, names int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.online != online || len(w.names) != names {
		return fmt.Errorf("counts %d connections of %d names, want %d of %d", w.online, len(w.names),
			online, names)
	}
	return nil
}

func TestPresence(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	var watchers []*watcher
	for i := range c.Servers {
		watchers = append(watchers, watch(t, c.ServerURL(i), fmt.Sprint("watcher-", i)))
	}
	everybodySees := func(d time.Duration, watchers []*watcher, online, names int) {
		t.Helper()
		harness.Eventually(t, d, "presence", func() error {
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
		conn := harness.Dial(t,
			client.Options{URL: c.RoomURL(), Name: fmt.Sprint("person-", i), History: new(0)})
		perServer[harness.Await[*client.Welcome](t, conn, nil).App]++
		open = append(open, conn)
	}
	everybodySees(10*time.Second, watchers, 4+people, 4+people)

	// A client that comes late receives all names at once. The same name twice
	// counts once.
	late := watch(t, c.RoomURL(), "person-1")
	everybodySees(10*time.Second, append(slices.Clone(watchers), late), 5+people, 4+people)

	for _, conn := range open[:10] {
		conn.Close()
	}
	everybodySees(10*time.Second, watchers, 5+people-10, 4+people-9) // person-1 is online once more

	if err := open[20].Typing(); err != nil {
		t.Error(err)
	}
	harness.Eventually(t, time.Minute, "typing is received", func() error {
		for i, w := range watchers {
			w.mu.Lock()
			typing := slices.Clone(w.typing)
			w.mu.Unlock()
			if !slices.Equal(typing, []string{"person-20"}) {
				return fmt.Errorf("watcher %d has %q typing", i, typing)
			}
		}
		return nil
	})
}

// The clients of a killed server leave within seconds, in at most one frame a
// second.
func TestPresenceOfAKilledServer(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{})
	var watchers []*watcher
	for i := range c.Servers[1:] {
		watchers = append(watchers, watch(t, c.ServerURL(i+1), fmt.Sprint("watcher-", i)))
	}
	for i := range 10 {
		harness.Dial(t, client.Options{URL: c.ServerURL(0), Name: fmt.Sprint("doomed-", i)})
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
	harness.Eventually(t, time.Minute, "all are online", all(13))
	if err := c.Servers[0].Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	harness.Eventually(t, time.Minute, "the killed server's clients leave", all(3))
	took := time.Since(killed)
	t.Logf("they left after %v", took)
	if took > 7*time.Second {
		t.Errorf("they left after %v, want a few seconds", took)
	}
	for i, w := range watchers {
		w.mu.Lock()
		if w.frames > 10 {
			t.Errorf("watcher %d received %d presence frames", i, w.frames)
		}
		w.mu.Unlock()
	}
}
