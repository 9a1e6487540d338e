package page

import (
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// openAlone starts a server of the test's own and opens its page.
func openAlone(t *testing.T) (*localcluster.Part, *window) {
	t.Helper()
	p := harness.StartAlone(t)
	return p, openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
}

// enterAlone opens the page of a server alone in a window of ann, who joins.
func enterAlone(t *testing.T) (*localcluster.Part, *window) {
	t.Helper()
	p, ann := openAlone(t)
	ann.enter()
	return p, ann
}

// openPair opens the page in the windows of ann and bob, who join.
func openPair(t *testing.T, url string) (ann, bob *window) {
	t.Helper()
	browser := browse(t)
	ann, bob = openWindow(t, browser, "ann", url), openWindow(t, browser, "bob", url)
	ann.enter()
	bob.enter()
	return ann, bob
}

// openTab opens the page once more for the same guest, whose name it knows.
func (w *window) openTab(url string) *window {
	w.t.Helper()
	tab := openIn(w.t, w.browser, w.storage, w.name, url)
	tab.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery),
		chromedp.Click("#subscribe", chromedp.ByQuery))
	tab.state("connected")
	return tab
}

// openOnPhone opens the page on a phone, which is set up with more.
func openOnPhone(t *testing.T, url string, more ...chromedp.Action) *window {
	t.Helper()
	w := openWindow(t, browse(t), "ann", "about:blank")
	w.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateTouch, chromedp.EmulateMobile))
	w.do(more...)
	w.do(chromedp.Navigate(url))
	return w
}

// enterByTouch joins the room on a phone.
func (w *window) enterByTouch() {
	w.t.Helper()
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery), typeIn("#name", w.name),
		chromedp.Evaluate(`document.querySelector("#subscribe").click()`, nil))
	w.state("connected")
}

// joinBob lets a guest join the room of a standalone server without a browser.
func joinBob(t *testing.T, server *localcluster.Part) *harness.Member {
	t.Helper()
	return harness.JoinAll(t, 1, func(int) client.Options {
		return client.Options{
			URL: "ws://" + server.Addr + "/ws", Name: "bob", GuestKey: "0123456789abcdef0123456789abcdef",
		}
	})[0]
}
