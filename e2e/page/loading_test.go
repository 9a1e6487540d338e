package page

import (
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// The first visit is a few compressed requests. The second asks for nothing
// that has a version in its path.
func TestLoading(t *testing.T) {
	t.Parallel()
	loads(t, "http://"+harness.StartAlone(t).Addr+"/")
}

// The same where Nginx serves the page.
func TestLoadingFromNginx(t *testing.T) {
	t.Parallel()
	loads(t, harness.Start(t, localcluster.Options{Servers: 1, Nginx: true}).PageURL())
}

func loads(t *testing.T, address string) {
	t.Helper()
	w := openWindow(t, browse(t), "ann", "about:blank")
	var mu sync.Mutex
	urls := map[network.RequestID]string{}
	var asked []string
	total := 0.0
	chromedp.ListenTarget(w.ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventResponseReceived:
			if strings.HasPrefix(e.Response.URL, "http") && !e.Response.FromDiskCache {
				urls[e.RequestID] = e.Response.URL
			}
		case *network.EventLoadingFinished:
			url, ok := urls[e.RequestID]
			if ok && e.EncodedDataLength > 0 { // 0: from the cache in memory
				asked = append(asked, url)
				total += e.EncodedDataLength
			}
		}
	})
	visit := func() (requests []string, bytes float64) {
		w.do(chromedp.Navigate(address), chromedp.WaitVisible("#name", chromedp.ByQuery),
			chromedp.Poll(`performance.getEntriesByType('navigation')[0].loadEventEnd > 0`, nil))
		mu.Lock()
		defer mu.Unlock()
		requests, bytes = asked, total
		asked, total = nil, 0
		return requests, bytes
	}
	requests, bytes := visit()
	t.Logf("first: %d requests, %.0f bytes: %q", len(requests), bytes, requests)
	if len(requests) < 4 || len(requests) > 12 || bytes > 110_000 {
		t.Errorf("the first visit: %d requests, %.0f bytes: %q", len(requests), bytes, requests)
	}
	w.do(chromedp.Navigate("about:blank"))
	requests, bytes = visit()
	t.Logf("second: %d requests, %.0f bytes: %q", len(requests), bytes, requests)
	if len(requests) == 0 || len(requests) > 4 {
		t.Errorf("the second visit asks for %d files: %q", len(requests), requests)
	}
	for _, url := range requests {
		if strings.Contains(url, "/v/") || strings.Contains(url, "/js/") || strings.Contains(url, "/css/") {
			t.Errorf("the second visit asks for %s again", url)
		}
	}
	w.do(chromedp.Navigate(address+"cluster.html"), // the other bundle runs as well
		chromedp.WaitVisible("#map li.server", chromedp.ByQuery))
	w.noErrors()
}
