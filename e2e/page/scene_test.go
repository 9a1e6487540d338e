package page

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// scene is a cluster with two users in their windows, and a client without a
// browser that records the room's messages.
type scene struct {
	t       *testing.T
	c       *localcluster.Cluster
	cable   *wire
	browser context.Context
	witness *harness.Member
	ann     *window
	bob     *window
	sent    []string
}

// setScene starts a cluster with two windows in the room, whose states are
// recorded.
func setScene(t *testing.T, o localcluster.Options) *scene {
	t.Helper()
	return setSceneIn(t, browse(t), o)
}

// setSceneIn is setScene in a browser of the test's choice.
func setSceneIn(t *testing.T, browser context.Context, o localcluster.Options) *scene {
	t.Helper()
	s := &scene{t: t, browser: browser}
	s.c, s.cable = startWithPage(t, o)
	s.witness = harness.JoinAll(t, 1,
		func(int) client.Options { return client.Options{URL: s.c.RoomURL(), Name: "witness"} })[0]
	s.ann, s.bob = openWindow(t, s.browser, "ann", s.c.PageURL()), openWindow(t, s.browser, "bob",
		s.c.PageURL())
	for _, w := range []*window{s.ann, s.bob} {
		w.enter()
		w.watchState()
		s.says(w, "hello from "+w.name)
	}
	s.agree()
	return s
}

// says sends texts from a window. agree expects them in this order.
func (s *scene) says(w *window, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		w.say(text)
		s.sent = append(s.sent, text)
	}
}

// agree waits until the windows show what the witness received, which is what
// was sent, in order, each message once and marked as sent.
func (s *scene) agree() {
	s.t.Helper()
	for _, w := range []*window{s.ann, s.bob} {
		s.agreesWith(w)
	}
}

func (s *scene) agreesWith(w *window) {
	s.t.Helper()
	harness.Eventually(s.t, time.Minute, w.name+"'s window", func() error {
		var heard, seen, texts []string
		for _, e := range s.witness.Received() {
			heard, texts = append(heard, e.ID+" "+e.Text), append(texts, e.Text)
		}
		for _, m := range w.messages() {
			seen = append(seen, m.ID+" "+m.Text)
			if m.State != "sent" || m.App == "" {
				return fmt.Errorf("%+v is not sent", m)
			}
		}
		if !slices.Equal(texts, s.sent) {
			return fmt.Errorf("the room received %q, want %q", texts, s.sent)
		}
		if !slices.Equal(seen, heard) {
			return fmt.Errorf("shows %q, want %q", seen, heard)
		}
		return nil
	})
}

// kill kills parts as a power cut would.
func (s *scene) kill(parts ...*localcluster.Part) {
	s.t.Helper()
	for _, p := range parts {
		if err := p.Kill(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// startAgain restarts killed parts and waits until the cluster is complete.
func (s *scene) startAgain(parts ...*localcluster.Part) {
	s.t.Helper()
	for _, p := range parts {
		if err := p.Start(harness.Within(s.t, time.Minute)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.c.WaitReady(harness.Within(s.t, time.Minute), len(s.c.Servers)); err != nil {
		s.t.Error(err)
	}
}

// serverOf returns the server that the window's state names.
func (s *scene) serverOf(w *window) *localcluster.Part {
	s.t.Helper()
	w.state("connected")
	label := w.label()
	i := slices.IndexFunc(s.c.Servers,
		func(p *localcluster.Part) bool { return strings.HasSuffix(label, " "+p.Name) })
	if i < 0 {
		s.t.Fatalf("%s's state says %q, which names no server", w.name, label)
	}
	return s.c.Servers[i]
}

// label returns the text of the page's state.
func (w *window) label() (label string) {
	w.t.Helper()
	w.do(chromedp.Text("#state", &label, chromedp.ByQuery))
	return label
}

// watchState records each change of the page's state from now on.
func (w *window) watchState() {
	w.t.Helper()
	w.do(chromedp.Evaluate(`{
		const seen = window.statesSeen = []
		const note = () => {
			const state = document.querySelector('#state')
			const now = state ? state.dataset.kind + ': ' + state.innerText.trim() : 'none'
			if (seen.at(-1) !== now) seen.push(now)
		}
		new MutationObserver(note).observe(document.body,
			{ subtree: true, childList: true, characterData: true, attributes: true })
		note()
	}`, nil))
}

// statesSeen returns what watchState recorded.
func (w *window) statesSeen() (all []string) {
	w.t.Helper()
	w.do(chromedp.Evaluate("window.statesSeen", &all))
	return all
}

// wasOnly fails the test if the page had a state of another kind since
// watchState.
func (w *window) wasOnly(kinds ...string) {
	w.t.Helper()
	for _, state := range w.statesSeen() {
		if kind, _, _ := strings.Cut(state, ":"); !slices.Contains(kinds, kind) {
			w.t.Errorf("%s's page showed %q, want only %q", w.name, state, kinds)
		}
	}
}

// tells waits until the page's state is of that kind and contains these words.
func (w *window) tells(kind, words string) {
	w.t.Helper()
	quoted, err := json.Marshal(words)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.Poll(`document.querySelector('#state')?.dataset.kind === "`+kind+
		`" && document.querySelector('#state').innerText.includes(`+string(quoted)+`)`, nil))
}

// holds waits until the window shows exactly these texts as sending, in this
// order and after all others.
func (w *window) holds(want ...string) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, w.name+"'s window", func() error {
		var got []string
		for _, m := range w.messages() {
			if m.State == "sending" {
				got = append(got, m.Text)
			} else if len(got) > 0 {
				return fmt.Errorf("%+v comes after %q", m, got)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%q are sending, want %q", got, want)
		}
		return nil
	})
}

// unplugged takes the window's machine from the network, or brings it back.
func (w *window) unplugged(is bool) {
	w.t.Helper()
	w.do(network.EmulateNetworkConditions(is, 0, -1, -1))
}

// drafts writes into the field without sending.
func (w *window) drafts(text string) {
	w.t.Helper()
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(text))
}

// keeps checks that the draft is still in the field, and that the field has the
// focus.
func (w *window) keeps(draft string) {
	w.t.Helper()
	var focus, value string
	w.do(chromedp.Evaluate("document.activeElement.id", &focus),
		chromedp.Value("#text", &value, chromedp.ByQuery))
	if focus != "text" || value != draft {
		w.t.Errorf("%s has the focus in %q and %q in the field, want %q in the focused field", w.name,
			focus, value, draft)
	}
}
