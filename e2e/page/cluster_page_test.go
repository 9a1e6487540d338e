package page

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"livechat/client"
	"livechat/e2e/harness"
)

// noticed is how long the cluster page may take to show that a server started
// or died.
const noticed = 3 * time.Second

// picture is a server as the page shows it, in the picture or in the table.
type picture struct {
	App, State string
	Figures    []string // in the order of the page's measures
}

const (
	readPicture = `[...document.querySelectorAll('#servers > .server')].map(li => ({
	App: li.dataset.app, State: li.dataset.state,
		Figures: [...li.querySelectorAll('.value')].map(v => v.textContent)}))`
	readTable = `[...document.querySelectorAll('#figures > tr')].map(tr => ({
	App: tr.dataset.app, State: tr.dataset.state,
		Figures: [...tr.querySelectorAll('[data-measure]')].map(v => v.textContent)}))`
)

// servers returns what the page shows now. It fails the test if picture and
// table differ.
func (w *window) servers() map[string]picture {
	w.t.Helper()
	var both [2][]picture
	// in one script: a frame may come in between
	w.do(chromedp.Evaluate("["+readPicture+", "+readTable+"]", &both))
	if fmt.Sprint(both[0]) != fmt.Sprint(both[1]) {
		w.t.Errorf("the picture shows %v, the table %v", both[0], both[1])
	}
	shown := map[string]picture{}
	for _, p := range both[0] {
		shown[p.App] = p
	}
	return shown
}

// waitStates waits until the page shows exactly these servers, as app:state in
// their order.
func (w *window) waitStates(d time.Duration, want string) {
	w.t.Helper()
	began := time.Now()
	harness.Eventually(w.t, d, w.name+"'s cluster page", func() error {
		shown := w.servers()
		var words []string
		for _, app := range slices.Sorted(maps.Keys(shown)) {
			words = append(words, app+":"+shown[app].State)
		}
		if got := strings.Join(words, " "); got != want {
			return fmt.Errorf("shows %q, want %q", got, want)
		}
		return nil
	})
	fmt.Fprintf(w.t.Output(), "%s shows %q after %v\n", w.name, want,
		time.Since(began).Round(time.Millisecond))
}

// sawEvents waits until the page has listed these events.
func (w *window) sawEvents(events ...string) {
	w.t.Helper()
	harness.Eventually(w.t, noticed, w.name+"'s events", func() error {
		var all []string
		w.do(
			chromedp.Evaluate(`[...document.querySelectorAll('#events li span')].map(e => e.textContent)`,
				&all),
		)
		for _, event := range events {
			if !slices.Contains(all, event) {
				return fmt.Errorf("lists %q, want %q", all, event)
			}
		}
		return nil
	})
}

// chatter lets n users send messages until the test ends.
func chatter(t *testing.T, url string, n int, pause time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var people sync.WaitGroup
	t.Cleanup(func() { stop(); people.Wait() })
	for i := range n {
		s := client.NewSession(client.Options{URL: url, Name: fmt.Sprint("person ", i)},
			func(client.Event) {})
		people.Go(func() { _ = s.Run(ctx) }) // ends with ctx
		people.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Send(ctx, "hello") // other tests check what becomes of them
				select {
				case <-time.After(time.Duration(rand.Int64N(int64(2 * pause)))):
				case <-ctx.Done():
				}
			}
		})
	}
}

// screenshotsAt checks that the page keeps its shape at several sizes, and
// takes screenshots.
func (w *window) screenshotsAt(name string) {
	w.t.Helper()
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{
		{"phone-dark", 390, 1800, "dark"},
		{"narrowest", 320, 1800, "light"},
		{"middle", 1000, 1200, "light"},
		{"wide-dark", 1280, 1200, "dark"},
		{"wide", 1280, 1200, "light"},
	} {
		w.do(chromedp.EmulateViewport(view.width, view.height), prefers(view.scheme))
		w.fitsAcross(view.name)
		w.do(chromedp.Poll(`document.querySelectorAll('#dots .traveller').length > 4`, nil))
		w.shoot(name + "-" + view.name)
	}
}

// subscribeFigures subscribes to the figures that servers publish on the gossip
// channel. last returns when the latest came.
func subscribeFigures(t *testing.T, redisAddr string) (last func() time.Time) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: redisAddr})
	sub := rdb.Subscribe(t.Context(), "livechat:side")
	if _, err := sub.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var at time.Time
	var listening sync.WaitGroup
	listening.Go(func() {
		for m := range sub.Channel() {
			if strings.HasPrefix(m.Payload, `{"type":"figures"`) {
				mu.Lock()
				at = time.Now()
				mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		if err := errors.Join(sub.Close(), rdb.Close()); err != nil {
			t.Error(err)
		}
		listening.Wait()
	})
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
}
