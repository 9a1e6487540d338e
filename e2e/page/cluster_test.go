package page

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// While the page is open, the cluster grows from four servers to eight, and one
// is killed. The page shows both within three seconds, in the picture and in
// the table. One server drains and turns grey. When the page is closed, the
// servers stop publishing figures.
func TestClusterPage(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Elastic: 4, Env: map[string]string{"DRAIN_DELAY": "3s", "DRAIN_PERIOD": "1s"}})
	figures := subscribeFigures(t, c.Redis.Addr)
	chatter(t, c.RoomURL(), 24, 2*time.Second)
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(chromedp.WaitVisible(`a[href="cluster.html"]`, chromedp.ByQuery),
		chromedp.Click(`a[href="cluster.html"]`, chromedp.ByQuery))
	w.state("connected")
	four := "1000:ready 2000:ready 3000:ready 4000:ready"
	w.waitStates(10*time.Second, four)
	harness.Eventually(t, time.Minute, "the figures of the first server", func() error {
		shown := w.servers()["1000"]
		return harness.ErrIf(
			len(shown.Figures) != 4 || shown.Figures[0] != "6" || slices.Contains(shown.Figures, "0") ||
				slices.Contains(shown.Figures, "–"),
		)
	})
	harness.Eventually(t, time.Minute, "messages on their way", func() error {
		var n int
		w.do(chromedp.Evaluate("document.querySelectorAll('#dots .traveller').length", &n))
		return harness.ErrIf(n == 0)
	})

	if err := c.Scale(harness.Within(t, time.Minute), 4); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed, four+" 5000:ready 6000:ready 7000:ready 8000:ready")
	w.sawEvents("Server 5000 joined", "Server 8000 joined")
	w.screenshotsAt("eight")

	if err := c.Servers[1].Kill(); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed,
		"1000:ready 2000:gone 3000:ready 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.sawEvents("Server 2000 is down")
	harness.Eventually(t, time.Minute, "the users of 2000 are on other servers", func() error {
		var people string
		w.do(chromedp.Text("#people .place-value", &people, chromedp.ByQuery))
		return harness.ErrIf(people != "24")
	})
	if err := c.Servers[2].Terminate(); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed,
		"1000:ready 2000:gone 3000:draining 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.screenshotsAt("killed")
	w.waitStates(20*time.Second,
		"1000:ready 2000:gone 3000:left 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	if err := c.Servers[1].Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.waitStates(noticed,
		"1000:ready 2000:ready 3000:left 4000:ready 5000:ready 6000:ready 7000:ready 8000:ready")
	w.sawEvents("Server 2000 restarted", "Server 3000 left")

	// After the page is closed, the figures stop within the five seconds of
	// interest plus one interval.
	w.noErrors(brokenLink...)
	w.do(chromedp.Navigate("about:blank"))
	harness.Eventually(t, time.Minute, "the servers publish no figures", func() error {
		// each would have published twice in this time
		return harness.ErrIf(figures().IsZero() || time.Since(figures()) < 2*time.Second)
	})
}

// The server that a page gets its figures from is killed. The page gets them
// from another one and shows the killed server as gone, in time.
func TestClusterPageOverItsKilledServer(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{})
	w := openWindow(t, browse(t), "ann", c.PageURL()+"cluster.html")
	w.waitStates(10*time.Second, "1000:ready 2000:ready 3000:ready 4000:ready")
	label := w.label()
	i := slices.IndexFunc(c.Servers,
		func(p *localcluster.Part) bool { return strings.HasSuffix(label, " "+p.Name) })
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

	// All are killed. The page keeps the last figures and marks them as such
	// until a server is back.
	for _, s := range c.Servers {
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	w.state("stopped")
	w.do(chromedp.WaitVisible("main[data-stale]", chromedp.ByQuery))
	w.sawEvents("Can't reach any server. These are the last figures.")
	for _, s := range c.Servers {
		if err := s.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	w.waitStates(20*time.Second, "1000:ready 2000:ready 3000:ready 4000:ready")
	w.state("connected")
	w.do(chromedp.WaitVisible("main:not([data-stale])", chromedp.ByQuery))
	w.noErrors(brokenLink...)
}

// Redis is killed. The page says that, and not that all servers are down, since
// it cannot know.
func TestClusterPageOverAKilledRedis(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 2})
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
	w.sawEvents("Redis isn't answering")
	w.do(chromedp.WaitVisible(`#redis[data-state="down"]`, chromedp.ByQuery))
	w.shoot("redis-killed")
	if err := c.Redis.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.waitStates(20*time.Second, "1000:ready 2000:ready")
	w.sawEvents("Redis is back")
	var events string
	w.do(chromedp.Text("#events", &events, chromedp.ByQuery))
	if strings.Contains(events, "is down") {
		t.Errorf("the page listed servers as gone:\n%s", events)
	}
	w.noErrors(brokenLink...)
}

// From the room to the cluster page and back. Browsers keep the page that was
// left, with its socket, unless it holds locks. It holds none when it was
// loaded over plain http from another machine.
func TestFromTheRoomToTheClusterPageAndBack(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 2})
	w := openWindow(t, browse(t), "ann", "about:blank")
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument("Object.defineProperty(Navigator.prototype, 'locks', " +
			"{ value: undefined })").
			Do(ctx)
		return err
	}), chromedp.Navigate(c.PageURL()))
	w.enter()
	w.say("hello")
	w.shows("hello")
	w.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#cluster", chromedp.ByQuery))
	w.waitFor(`location.pathname.endsWith("/cluster.html") && document.readyState === "complete"`)
	w.waitStates(10*time.Second, "1000:ready 2000:ready")
	// ann has left the room
	w.do(chromedp.Poll("document.querySelector('#people .place-value').textContent === '0'", nil))
	w.do(chromedp.Evaluate("setTimeout(() => history.back())", nil)) // or the answer would be lost
	w.waitFor(`!!document.querySelector("#text")`)
	w.state("connected")
	w.shows("hello")
	w.say("back again")
	w.shows("hello", "back again")
	w.noErrors()
}

// Users who prefer reduced motion get the figures without dots.
func TestClusterPageWithoutMotion(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 2})
	chatter(t, c.RoomURL(), 4, 100*time.Millisecond)
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(
		emulation.SetEmulatedMedia().
			WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}),
	)
	w.do(chromedp.Navigate(c.PageURL()+"cluster.html"), chromedp.Evaluate(`window.dotsSeen = 0;
		new MutationObserver(() => { window.dotsSeen++ }).observe(document.querySelector('#dots'), { childList: true })`, nil))
	figures := 0
	harness.Eventually(t, time.Minute, "figures that change", func() error {
		if f := w.servers()["1000"].Figures; len(f) > 0 && f[1] != "0" {
			figures++
		}
		return harness.ErrIf(figures < 50)
	})
	var dots int
	w.do(chromedp.Evaluate("window.dotsSeen", &dots))
	if dots > 0 {
		t.Errorf("dots moved %d times", dots)
	}
	w.noErrors()
}
