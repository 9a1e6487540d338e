package page

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// faults keep messages from going out. Each has a way to begin and to end.
var faults = []struct {
	name       string
	begin, end func(*scene)
	console    []string
}{
	{
		"HAProxy", func(s *scene) { s.kill(s.c.HAProxy) }, func(s *scene) { s.startAgain(s.c.HAProxy) },
		append([]string{"net::ERR_"}, brokenLink...),
	},
	{
		"Redis", func(s *scene) { s.kill(s.c.Redis) }, func(s *scene) { s.startAgain(s.c.Redis) },
		// a server that has not opened the room yet cannot open it now
		append([]string{"503 (Service Unavailable)"}, brokenLink...),
	},
}

var alwaysWritten = localcluster.Options{RedisArgs: []string{"--appendfsync", "always"}}

// Messages written while none can go out survive a reload, and go out once and
// in order.
func TestPageReloadedWithUnsentMessages(t *testing.T) {
	t.Parallel()
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			s := setScene(t, alwaysWritten)
			fault.begin(s)
			s.says(s.ann, "one", "two", "three")
			s.ann.holds("one", "two", "three")
			s.ann.drafts("half a sen")
			for range 2 {
				s.ann.reload()
				s.ann.holds("one", "two", "three")
				s.ann.keeps("half a sen")
			}
			s.ann.shoot("reloaded-" + fault.name)
			s.ann.drafts("tence")
			s.ann.keeps("half a sentence")
			s.says(s.bob, "bob's")
			fault.end(s)
			s.agreeInAnyOrder("bob's")
			s.ann.tells("connected", "connected · ")
			s.ann.keeps("half a sentence")
			s.ann.noErrors(fault.console...)
			s.bob.noErrors(fault.console...)
		})
	}
}

// The page crashes with unsent messages. They are still there when it is opened
// again under the same name.
func TestPageCrashesWithUnsentMessages(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	for _, round := range []string{"first", "second"} {
		s.kill(s.c.HAProxy)
		s.says(s.ann, round+" one", round+" two")
		s.ann.holds(round+" one", round+" two")
		s.ann.waitKept(2)
		s.ann.crash()
		s.ann.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
		s.ann = openIn(t, s.browser, s.ann.storage, "ann", s.c.PageURL())
		s.ann.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery),
			chromedp.Click("#subscribe", chromedp.ByQuery))
		s.startAgain(s.c.HAProxy)
		s.agree()
	}
	s.ann.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
}

// Two tabs of one user have unsent messages. Each tab sends its own, once,
// whatever is reloaded or closed meanwhile.
func TestTwoTabsWithUnsentMessages(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	tab := s.ann.openTab(s.c.PageURL())
	s.kill(s.c.HAProxy)
	for i := range 3 {
		s.ann.say(fmt.Sprint("first tab ", i))
		tab.say(fmt.Sprint("second tab ", i))
	}
	s.ann.reload()
	tab.reload()
	s.ann.reload()
	s.ann.holds("first tab 0", "first tab 1", "first tab 2")
	tab.holds("second tab 0", "second tab 1", "second tab 2")
	s.startAgain(s.c.HAProxy)
	want := []string{
		"first tab 0",
		"first tab 1",
		"first tab 2",
		"second tab 0",
		"second tab 1",
		"second tab 2",
	}
	var got []string
	harness.Eventually(t, time.Minute, "the room", func() error {
		got = nil
		for _, e := range s.witness.Received()[len(s.sent):] {
			got = append(got, e.Text)
		}
		return harness.ErrIf(len(got) < len(want))
	})
	s.sent = append(s.sent, got...)
	// keeps the order within a tab
	slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:5], b[:5]) })
	if !slices.Equal(got, want) {
		t.Errorf("the room received %q, want each of %q once, in the order of its tab", got, want)
	}
	s.agree()
	s.agreesWith(tab)
	for _, w := range []*window{s.ann, s.bob, tab} {
		w.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
	}
}

// agreeInAnyOrder is agree for a case in which the position of the last message
// is undetermined.
func (s *scene) agreeInAnyOrder(last string) {
	s.t.Helper()
	before := s.sent[:len(s.sent)-1]
	harness.Eventually(s.t, time.Minute, "the room", func() error {
		heard := s.witness.Received()
		i := slices.IndexFunc(heard, func(e harness.Entry) bool { return e.Text == last })
		if i < 0 {
			return fmt.Errorf(" has not received %q", last)
		}
		s.sent = slices.Insert(slices.Clone(before), min(i, len(before)), last)
		return nil
	})
	s.agree()
}

func (w *window) reload() {
	w.t.Helper()
	w.do(chromedp.Reload(), chromedp.WaitVisible("#text", chromedp.ByQuery))
}

// waitKept waits until n messages are stored where a crash does not reach.
// Storing them takes a moment.
func (w *window) waitKept(n int) {
	w.t.Helper()
	const count = `new Promise((resolve, reject) => {
		const opening = indexedDB.open('livechat')
		opening.onerror = reject
		opening.onsuccess = () => {
			const counting = opening.result.transaction('unsent').objectStore('unsent').count()
			counting.onsuccess = () => { opening.result.close(); resolve(counting.result) }
		}
	})`
	harness.Eventually(w.t, time.Minute, w.name+"'s messages are stored", func() error {
		var kept int
		w.do(
			chromedp.Evaluate(count, &kept,
				func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		)
		return harness.ErrIf(kept != n)
	})
}

// crash kills the process of the page. The window cannot be used any more.
func (w *window) crash() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Navigate("chrome://kill")) // the page cannot answer
}
