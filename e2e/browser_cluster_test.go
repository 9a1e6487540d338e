package e2e

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

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/internal/need"
)

// noticed is how long a person may have to look at the cluster page until it shows that a server has come or died.
const noticed = 3 * time.Second

// picture is a server as the page shows it, in the picture or in the table.
type picture struct {
	App, State string
	Figures    []string // in the order of the page's measures
}

const (
	readPicture = `[...document.querySelectorAll('#servers > .server')].map(li => ({App: li.dataset.app, State: li.dataset.state,
		Figures: [...li.querySelectorAll('.value')].map(v => v.textContent)}))`
	readTable = `[...document.querySelectorAll('#figures > tr')].map(tr => ({App: tr.dataset.app, State: tr.dataset.state,
		Figures: [...tr.querySelectorAll('[data-measure]')].map(v => v.textContent)}))`
)

// servers returns what the page shows now. It fails the test if picture and table differ.
func (w *window) servers() map[string]picture {
	w.t.Helper()
	var both [2][]picture
	w.do(chromedp.Evaluate("["+readPicture+", "+readTable+"]", &both)) // at once: a frame may come in between
	if fmt.Sprint(both[0]) != fmt.Sprint(both[1]) {
		w.t.Errorf("the picture shows %v, the table %v", both[0], both[1])
	}
	shown := map[string]picture{}
	for _, p := range both[0] {
		shown[p.App] = p
	}
	return shown
}

// waitStates waits until the page shows exactly these servers, as app:state in their order.
func (w *window) waitStates(d time.Duration, want string) {
	w.t.Helper()
	began := time.Now()
	eventually(w.t, d, w.name+"'s cluster page", func() error {
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
	fmt.Fprintf(w.t.Output(), "%s shows %q after %v\n", w.name, want, time.Since(began).Round(time.Millisecond))
}

// told waits until the page has told of these events.
func (w *window) told(events ...string) {
	w.t.Helper()
	eventually(w.t, noticed, w.name+"'s events", func() error {
		var all []string
		w.do(chromedp.Evaluate(`[...document.querySelectorAll('#events li span')].map(e => e.textContent)`, &all))
		for _, event := range events {
			if !slices.Contains(all, event) {
				return fmt.Errorf("tells %q, want %q", all, event)
			}
		}
		return nil
	})
}

// chatter lets n people say something all the time until the test ends.
func chatter(t *testing.T, url string, n int, pause time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var people sync.WaitGroup
	t.Cleanup(func() { stop(); people.Wait() })
	for i := range n {
		s := client.NewSession(client.Options{URL: url, Name: fmt.Sprint("person ", i)}, func(client.Event) {})
		people.Go(func() { _ = s.Run(ctx) }) // ends with ctx
		people.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Send(ctx, "hello") // what becomes of it is other tests' business
				select {
				case <-time.After(time.Duration(rand.Int64N(int64(2 * pause)))):
				case <-ctx.Done():
				}
			}
		})
	}
}

// While the page is open, the cluster grows from four servers to eight, and one is killed: both are seen within three seconds, in the picture and
// in the table. One drains and turns grey. When the page is closed, the servers stop talking about themselves.
func TestClusterPage(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{Elastic: 4, Env: map[string]string{"DRAIN_DELAY": "3s", "DRAIN_PERIOD": "1s"}})
	figures := hearFigures(t, c.Redis.Addr)
	chatter(t, c.RoomURL(), 24, 2*time.Second)
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(chromedp.WaitVisible(`a[href="cluster.html"]`, chromedp.ByQuery), chromedp.Click(`a[href="cluster.html"]`, chromedp.ByQuery))
	w.state("connected")
	four := "1000:ready 2000:ready 3000:ready 4000:ready"
	w.waitStates(10*time.Second, four)
	eventually(t, 20*time.Second, "the figures of the first server", func() error {
		shown := w.servers()["1000"]
		return errIf(len(shown.Figures) != 4 || shown.Figures[0] != "6" || slices.Contains(shown.Figures, "0") || slices.Contains(shown.Figures, "–"))
	})
	eventually(t, 20*time.Second, "messages on their way", func() error {
		var n int
		w.do(chromedp.Evaluate("document.querySelectorAll('#dots .traveller').length", &n))
		return errIf(n == 0)
	})

	if err := c.Scale(within(t, time.Minute), 4); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed, four+" 5000:ready 6000:ready 7000:ready 8000:ready")
	w.told("server 5000 has joined", "server 8000 has joined")
	w.looks("eight")

	if err := c.Servers[1].Kill(); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed, "1000:ready 2000:gone 3000:ready 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.told("server 2000 is gone")
	eventually(t, 20*time.Second, "the people of 2000 are on other servers", func() error {
		var people string
		w.do(chromedp.Text("#people .place-value", &people, chromedp.ByQuery))
		return errIf(people != "24")
	})
	if err := c.Servers[2].Terminate(); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed, "1000:ready 2000:gone 3000:draining 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.looks("killed")
	w.waitStates(20*time.Second, "1000:ready 2000:gone 3000:left 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	if err := c.Servers[1].Start(within(t, 30*time.Second)); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed, "1000:ready 2000:ready 3000:left 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.told("server 2000 has restarted", "server 3000 has left")

	// Closed: within the five seconds of interest, and one figure, it is quiet.
	w.calm(brokenLink...)
	w.do(chromedp.Navigate("about:blank"))
	eventually(t, 20*time.Second, "the servers say nothing about themselves", func() error {
		return errIf(figures().IsZero() || time.Since(figures()) < 2*time.Second) // in which each would have said something twice
	})
}

// The server that a page gets its figures from is killed: it has them from another one, and shows that one as gone, in time.
func TestClusterPageOverItsKilledServer(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{})
	w := openWindow(t, browse(t), "ann", c.PageURL()+"cluster.html")
	w.waitStates(10*time.Second, "1000:ready 2000:ready 3000:ready 4000:ready")
	label := w.label()
	i := slices.IndexFunc(c.Servers, func(p *cluster.Part) bool { return strings.HasSuffix(label, " "+p.Name) })
	if i < 0 {
		t.Fatalf("the page says %q, which names no server", label)
	}
	if err := c.Servers[i].Kill(); err != nil {
		t.Fatal(err)
	}
	want := []string{"1000:ready", "2000:ready", "3000:ready", "4000:ready"}
	want[i] = c.Servers[i].Name + ":gone"
	w.waitStates(noticed, strings.Join(want, " "))
	w.state("connected")
	if now := w.label(); now == label {
		t.Errorf("the page still says %q", now)
	}

	// All are killed: what was is shown as what was, until one is back.
	for _, s := range c.Servers {
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	w.state("stopped")
	w.do(chromedp.WaitVisible("main[data-stale]", chromedp.ByQuery))
	w.told("no server answers; these figures are the last ones")
	for _, s := range c.Servers {
		if err := s.Start(within(t, 30*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	w.waitStates(20*time.Second, "1000:ready 2000:ready 3000:ready 4000:ready")
	w.state("connected")
	w.do(chromedp.WaitVisible("main:not([data-stale])", chromedp.ByQuery))
	w.calm(brokenLink...)
}

// Redis is killed: the page says that, and not that all servers have died, of which it cannot hear.
func TestClusterPageOverAKilledRedis(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{Servers: 2})
	w := openWindow(t, browse(t), "ann", c.PageURL()+"cluster.html")
	w.waitStates(10*time.Second, "1000:ready 2000:ready")
	from, other := "1000", "2000"
	if strings.HasSuffix(w.label(), " 2000") {
		from, other = other, from
	}
	if err := c.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	want := []string{from + ":deaf", other + ":unknown"}
	slices.Sort(want)
	w.waitStates(20*time.Second, strings.Join(want, " "))
	w.told("Redis does not answer")
	w.do(chromedp.WaitVisible(`#redis[data-state="down"]`, chromedp.ByQuery))
	w.shoot("redis-killed")
	if err := c.Redis.Start(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	w.waitStates(20*time.Second, "1000:ready 2000:ready")
	w.told("Redis is back")
	var events string
	w.do(chromedp.Text("#events", &events, chromedp.ByQuery))
	if strings.Contains(events, "gone") {
		t.Errorf("the page told of servers that were gone:\n%s", events)
	}
	w.calm(brokenLink...)
}

// From the room to the cluster page and back. Browsers keep the page that was left, with its socket, as long as it holds no locks: which it does not where
// it came over plain http from another machine.
func TestFromTheRoomToTheClusterPageAndBack(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{Servers: 2})
	w := openWindow(t, browse(t), "ann", "about:blank")
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })").Do(ctx)
		return err
	}), chromedp.Navigate(c.PageURL()))
	w.enter()
	w.say("hello")
	w.shows("hello")
	w.do(chromedp.Click("#cluster", chromedp.ByQuery))
	w.waitStates(10*time.Second, "1000:ready 2000:ready")
	w.do(chromedp.Poll("document.querySelector('#people .place-value').textContent === '0'", nil)) // ann is not in the room any more
	w.do(chromedp.Evaluate("history.back()", nil), chromedp.WaitVisible("#text", chromedp.ByQuery))
	w.state("connected")
	w.shows("hello")
	w.say("back again")
	w.shows("hello", "back again")
	w.calm()
}

// Who has asked for less motion gets the figures and no dots.
func TestClusterPageWithoutMotion(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{Servers: 2})
	chatter(t, c.RoomURL(), 4, 100*time.Millisecond)
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	w.do(chromedp.Navigate(c.PageURL()+"cluster.html"), chromedp.Evaluate(`window.dotsSeen = 0;
		new MutationObserver(() => { window.dotsSeen++ }).observe(document.querySelector('#dots'), { childList: true })`, nil))
	figures := 0
	eventually(t, 20*time.Second, "figures that change", func() error {
		if f := w.servers()["1000"].Figures; len(f) > 0 && f[1] != "0" {
			figures++
		}
		return errIf(figures < 50)
	})
	var dots int
	w.do(chromedp.Evaluate("window.dotsSeen", &dots))
	if dots > 0 {
		t.Errorf("dots moved %d times", dots)
	}
	w.calm()
}

// looks checks that the page keeps its shape at several sizes, and takes pictures.
func (w *window) looks(name string) {
	w.t.Helper()
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"phone-dark", 390, 1800, "dark"}, {"narrowest", 320, 1800, "light"}, {"middle", 1000, 1200, "light"}, {"wide-dark", 1280, 1200, "dark"}, {"wide", 1280, 1200, "light"}} {
		w.do(chromedp.EmulateViewport(view.width, view.height),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}}))
		var overflow int
		w.do(chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow))
		if overflow > 0 {
			w.t.Errorf("%s: the page is %d px wider than the window", view.name, overflow)
		}
		w.do(chromedp.Poll(`document.querySelectorAll('#dots .traveller').length > 4`, nil))
		w.shoot(name + "-" + view.name)
	}
}

// hearFigures listens to what servers say about themselves on the side channel. last returns when they did so last.
func hearFigures(t *testing.T, redisAddr string) (last func() time.Time) {
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
