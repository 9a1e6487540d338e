package page

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"livechat/internal/localcluster"
)

// A page in the background is frozen by the browser to save power, and its
// connection breaks. When it is shown again, all messages are there and in
// order.
func TestPageHiddenAndFrozen(t *testing.T) {
	t.Parallel()
	s := setSceneIn(t, browseInTabs(t), localcluster.Options{})
	s.ann.drafts("half a sen")
	s.ann.do(
		chromedp.Evaluate("document.addEventListener('freeze', () => { window.wasFrozen = true })", nil),
	)
	tab := s.ann.cover()
	s.says(s.bob, "ann is not looking")
	s.agree()

	before := len(s.ann.messages())
	s.ann.do(page.SetWebLifecycleState(page.SetWebLifecycleStateStateFrozen))
	s.says(s.bob, "and now her page is frozen", "still is")
	s.agreesWith(s.bob)
	s.cable.cut() // under both windows
	s.says(s.bob, "and cut off")
	s.agreesWith(s.bob)
	s.ann.waitFor("window.wasFrozen === true")
	if now := len(s.ann.messages()); now != before {
		t.Errorf("a frozen page has %d messages, and had %d before", now, before)
	}
	s.ann.do(page.SetWebLifecycleState(page.SetWebLifecycleStateStateActive))
	s.ann.uncover(tab)
	s.agree()
	s.ann.tells("connected", "connected · ")
	s.ann.keeps("half a sen")
	for _, w := range []*window{s.ann, s.bob} {
		w.wasOnly("connected", "reconnecting")
		w.noErrors(brokenLink...)
	}
}

// cover opens another tab in front of the window's, waits until the page knows
// that it is hidden, and returns the tab. The browser is one of browseInTabs.
func (w *window) cover() target.ID {
	w.t.Helper()
	tab, err := target.CreateTarget("about:blank").
		WithBrowserContextID(w.storage).
		Do(cdp.WithExecutor(w.browser, chromedp.FromContext(w.browser).Browser))
	if err != nil {
		w.t.Fatalf("open a tab in front of %s's page: %v", w.name, err)
	}
	w.do(emulation.SetFocusEmulationEnabled(false))
	w.waitFor("document.hidden")
	return tab
}

// uncover closes that tab again.
func (w *window) uncover(tab target.ID) {
	w.t.Helper()
	if err := target.CloseTarget(tab).Do(cdp.WithExecutor(w.browser,
		chromedp.FromContext(w.browser).Browser)); err != nil {
		w.t.Fatalf("close the tab in front of %s's page: %v", w.name, err)
	}
	w.do(page.BringToFront(), emulation.SetFocusEmulationEnabled(true))
	w.waitFor("!document.hidden")
}
