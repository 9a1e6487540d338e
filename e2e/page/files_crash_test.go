package page

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/faultproxy"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// nowhere is an address at which nothing listens.
const nowhere = "127.0.0.1:1"

// The tab is killed when a file is at the server and its message is not in the
// log, as far as the page knows. Opened again it sends the message once.
func TestTabKilledBeforeItsFileIsSent(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	s := setScene(t, localcluster.Options{Servers: 2, API: 1, DB: testpg.New(t).Database()})
	link, err := faultproxy.Listen(s.c.HAProxy.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close() })
	s.cable.connectTo(link.Addr())
	s.cable.cut()
	attach := func(name string) {
		t.Helper()
		s.ann.attaches(pictureOf(t, name, 40, 30))
		s.ann.hasAttached(name + ": done")
	}
	// sentOnce checks that everything is in the room once, and the last message
	// with its file.
	sentOnce := func(name string) {
		t.Helper()
		s.ann.hasAttached()
		s.agree()
		last := archive(t, s.c.APIs[0], len(s.sent))[len(s.sent)-1]
		if len(last.Files) != 1 || last.Files[0].Name != name {
			t.Errorf("the last message is %+v, want one with %s", last, name)
		}
		s.ann.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
	}

	// The message is a draft. The tab has it when it is loaded again.
	attach("draft.png")
	s.ann.drafts("a draft")
	s.ann.crash()
	s.ann.loadAgain()
	s.ann.state("connected")
	s.ann.hasAttached("draft.png: done")
	s.ann.keeps("a draft")
	s.says(s.ann, "") // more
	s.sent[len(s.sent)-1] = "a draft"
	sentOnce("draft.png")

	// The message waits, as there is no connection.
	attach("waiting.png")
	s.cable.connectTo(nowhere)
	s.cable.cut()
	s.says(s.ann, "waiting")
	s.ann.holds("waiting")
	s.reopenAnn()
	s.cable.connectTo(link.Addr())
	sentOnce("waiting.png")

	// The message has reached the room, and its ack has not come back.
	attach("unacked.png")
	link.Blackhole(faultproxy.Down)
	s.says(s.ann, "unacked")
	s.ann.holds("unacked")
	harness.Eventually(t, time.Minute, "the room has the message", func() error {
		if heard := s.witness.Received(); !slices.ContainsFunc(heard,
			func(e harness.Entry) bool { return e.Text == "unacked" }) {
			return fmt.Errorf("it has %v", heard)
		}
		return nil
	})
	s.reopenAnn()
	link.Heal()
	sentOnce("unacked.png")
}

// loadAgain loads the page in a window that has crashed.
func (w *window) loadAgain() {
	w.t.Helper()
	// The first attempt may get the end of what has killed it.
	harness.Eventually(w.t, patience, w.name+"'s page is loaded again", func() error {
		ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
		defer cancel()
		return chromedp.Run(ctx, chromedp.Reload())
	})
	w.do(chromedp.WaitVisible("#text", chromedp.ByQuery))
}

// reopenAnn kills ann's tab, once its unsent message is stored, and opens another
// one.
func (s *scene) reopenAnn() {
	s.t.Helper()
	s.ann.waitKept(1)
	s.ann.crash()
	s.ann.noErrors(append([]string{"net::ERR_"}, brokenLink...)...)
	s.ann = openIn(s.t, s.browser, s.ann.storage, "ann", s.c.PageURL())
	s.ann.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery),
		chromedp.Click("#subscribe", chromedp.ByQuery))
}
