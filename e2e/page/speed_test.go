package page

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// These measure the page and print what docs/performance.md says of it. They
// need the machine for themselves.

func skipUnlessMeasured(t *testing.T) {
	t.Helper()
	if os.Getenv("LIVECHAT_SPEED") == "" {
		t.Skip("measures the page if LIVECHAT_SPEED is set")
	}
}

// The time until the card is on the screen, over "Slow 4G" as DevTools has it
// and with a processor four times as slow.
func TestSpeedOfVisits(t *testing.T) {
	skipUnlessMeasured(t)
	const latency, down, up = 562.5, 180_000, 84_375 // ms, bytes a second
	address := harness.Start(t, localcluster.Options{Servers: 1, Nginx: true}).PageURL()
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := openWindow(t, browse(t), "ann", "about:blank")
			w.do(network.Enable(), network.EmulateNetworkConditions(false, latency, down, up),
				emulation.SetCPUThrottlingRate(4), chromedp.ActionFunc(notesCard))
			for _, visit := range []string{"first", "second"} {
				var ms float64
				w.do(chromedp.Navigate(address), chromedp.WaitVisible("#name", chromedp.ByQuery),
					chromedp.Poll("window.cardAt", &ms), chromedp.Navigate("about:blank"))
				t.Logf("%s visit: the card after %.0f ms", visit, ms)
			}
		})
	}
}

func notesCard(ctx context.Context) error {
	_, err := devtools.AddScriptToEvaluateOnNewDocument(`{
		const look = () => requestAnimationFrame(() => {
			if (!document.querySelector('#name')) return look()
			requestAnimationFrame(() => window.cardAt = performance.now())
		})
		look()
	}`).Do(ctx)
	return err
}

// The cost of a room with 50 messages a second for a page that shows it.
func TestSpeedOfBusyRoom(t *testing.T) {
	skipUnlessMeasured(t)
	const talkers, rate = 5, 50
	const span = 15 * time.Second
	c, _ := startWithPage(t, localcluster.Options{Env: map[string]string{"MESSAGE_RATE": "0"}})
	members := harness.JoinAll(t, talkers, func(i int) client.Options {
		return client.Options{URL: c.RoomURL(), Name: fmt.Sprintf("talker %d", i)}
	})
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.enter()
	ctx, stop := context.WithCancel(t.Context())
	var talking sync.WaitGroup
	defer talking.Wait()
	defer stop()
	for i, m := range members {
		talking.Go(func() {
			tick := time.NewTicker(time.Second * talkers / rate)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				_, _ = m.Send(ctx, fmt.Sprintf("%d of %d: usual words, see https://example.com/%d", n, i, n))
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	const drawings = `window.drawings ??= (new MutationObserver(() => window.drawings++)
		.observe(document.querySelector('#messages'), { childList: true }), 0)`
	w.do(performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks))
	for _, slower := range []float64{1, 4} {
		var drawn, drawnBefore float64
		w.do(emulation.SetCPUThrottlingRate(slower), chromedp.Sleep(span/2),
			chromedp.Evaluate(drawings, &drawnBefore))
		began, busyBefore := time.Now(), w.busy()
		w.do(chromedp.Sleep(span), chromedp.Evaluate(drawings, &drawn))
		took, busy := time.Since(began).Seconds(), w.busy()-busyBefore
		n := cmp.Or(drawn-drawnBefore, 1)
		t.Logf("a processor %.0f × as slow: %.0f%% busy, %.1f drawings a second of %.1f ms, %.1f ms for each 60th",
			slower, busy/took*100, n/took, busy/n*1000, busy/took/60*1000)
	}
}

// busy returns the seconds of CPU that the page's main thread has used.
func (w *window) busy() (seconds float64) {
	w.t.Helper()
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		metrics, err := performance.GetMetrics().Do(ctx)
		for _, m := range metrics {
			if m.Name == "TaskDuration" {
				seconds = m.Value
			}
		}
		return err
	}))
	return seconds
}
