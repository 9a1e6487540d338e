package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"livechat/e2e/cluster"
)

// faults are what keeps messages from going out, and how it ends.
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
		append([]string{"503 (Service Unavailable)"}, brokenLink...), // a server that has not opened the room yet cannot do so now
	},
}

var alwaysWritten = cluster.Options{RedisArgs: []string{"--appendfsync", "always"}}

// What was written while nothing went out is still there after a reload, and goes out once, in the order in which it was written.
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
			s.ann.calm(fault.console...)
			s.bob.calm(fault.console...)
		})
	}
}

// The page crashes with messages that did not go out. Who opens it again under the same name has them still.
func TestPageCrashesWithUnsentMessages(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{})
	for _, round := range []string{"first", "second"} {
		s.kill(s.c.HAProxy)
		s.says(s.ann, round+" one", round+" two")
		s.ann.holds(round+" one", round+" two")
		s.ann.waitKept(2)
		s.ann.crash()
		s.ann.calm(append([]string{"net::ERR_"}, brokenLink...)...)
		s.ann = openIn(t, s.browser, s.ann.storage, "ann", s.c.PageURL())
		s.ann.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery), chromedp.Click("#subscribe", chromedp.ByQuery))
		s.startAgain(s.c.HAProxy)
		s.agree()
	}
	s.ann.calm(append([]string{"net::ERR_"}, brokenLink...)...)
}

// Two tabs of one person, both with messages that did not go out: each sends its own, once, whatever is reloaded or closed meanwhile.
func TestTwoTabsWithUnsentMessages(t *testing.T) {
	t.Parallel()
	s := setScene(t, cluster.Options{})
	tab := openIn(t, s.browser, s.ann.storage, "ann", s.c.PageURL())
	tab.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery), chromedp.Click("#subscribe", chromedp.ByQuery))
	tab.state("connected")
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
	want := []string{"first tab 0", "first tab 1", "first tab 2", "second tab 0", "second tab 1", "second tab 2"}
	var got []string
	eventually(t, 45*time.Second, "the room", func() error {
		got = nil
		for _, e := range s.witness.heard()[len(s.said):] {
			got = append(got, e.Text)
		}
		return errIf(len(got) < len(want))
	})
	s.said = append(s.said, got...)
	slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:5], b[:5]) }) // keeps the order within a tab
	if !slices.Equal(got, want) {
		t.Errorf("the room heard %q, want each of %q once, in the order of its tab", got, want)
	}
	s.agree()
	s.agreesWith(tab)
	for _, w := range []*window{s.ann, s.bob, tab} {
		w.calm(append([]string{"net::ERR_"}, brokenLink...)...)
	}
}

// agreeInAnyOrder is agree, where it is open at which place the last of what was said was heard.
func (s *scene) agreeInAnyOrder(last string) {
	s.t.Helper()
	before := s.said[:len(s.said)-1]
	eventually(s.t, 45*time.Second, "the room", func() error {
		heard := s.witness.heard()
		i := slices.IndexFunc(heard, func(e entry) bool { return e.Text == last })
		if i < 0 {
			return fmt.Errorf("has not heard %q", last)
		}
		s.said = slices.Insert(slices.Clone(before), min(i, len(before)), last)
		return nil
	})
	s.agree()
}

func (w *window) reload() {
	w.t.Helper()
	w.do(chromedp.Reload(), chromedp.WaitVisible("#text", chromedp.ByQuery))
}

// waitKept waits until so many messages are where a crash does not reach. Writing them there takes a moment.
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
	eventually(w.t, 10*time.Second, w.name+"'s messages are kept", func() error {
		var kept int
		w.do(chromedp.Evaluate(count, &kept, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		return errIf(kept != n)
	})
}

// crash kills the process of the page. Nothing can be asked of the window any more.
func (w *window) crash() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Navigate("chrome://kill")) // nobody is left to answer
}
