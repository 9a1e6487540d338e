package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/internal/need"
)

// scene is a cluster with two people in their windows, and a client without a browser who hears what the room says.
type scene struct {
	t       *testing.T
	c       *cluster.Cluster
	cable   *wire
	browser context.Context
	witness *member
	ann     *window
	bob     *window
	said    []string
}

// setScene starts a cluster with two windows in the room, whose states are watched.
func setScene(t *testing.T, o cluster.Options) *scene {
	t.Helper()
	need.Program(t, "chromium")
	s := &scene{t: t}
	s.c, s.cable = startWithPage(t, o)
	s.witness = joinAll(t, 1, func(int) client.Options { return client.Options{URL: s.c.RoomURL(), Name: "witness"} })[0]
	s.browser = browse(t)
	s.ann, s.bob = openWindow(t, s.browser, "ann", s.c.PageURL()), openWindow(t, s.browser, "bob", s.c.PageURL())
	for _, w := range []*window{s.ann, s.bob} {
		w.enter()
		w.watchState()
		s.says(w, "hello from "+w.name)
	}
	s.agree()
	return s
}

// says lets a window say something. agree expects it where it was said.
func (s *scene) says(w *window, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		w.say(text)
		s.said = append(s.said, text)
	}
}

// agree waits until the windows show what the witness heard, which is what was said, in that order, each once and sent.
func (s *scene) agree() {
	s.t.Helper()
	for _, w := range []*window{s.ann, s.bob} {
		s.agreesWith(w)
	}
}

func (s *scene) agreesWith(w *window) {
	s.t.Helper()
	eventually(s.t, 45*time.Second, w.name+"'s window", func() error {
		var heard, seen, texts []string
		for _, e := range s.witness.heard() {
			heard, texts = append(heard, e.ID+" "+e.Text), append(texts, e.Text)
		}
		for _, m := range w.messages() {
			seen = append(seen, m.ID+" "+m.Text)
			if m.State != "sent" || m.App == "" {
				return fmt.Errorf("%+v is not sent", m)
			}
		}
		if !slices.Equal(texts, s.said) {
			return fmt.Errorf("the room heard %q, want %q", texts, s.said)
		}
		if !slices.Equal(seen, heard) {
			return fmt.Errorf("shows %q, want %q", seen, heard)
		}
		return nil
	})
}

// kill kills parts as a power cut would.
func (s *scene) kill(parts ...*cluster.Part) {
	s.t.Helper()
	for _, p := range parts {
		if err := p.Kill(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// startAgain starts parts that were killed, and waits until the cluster is whole.
func (s *scene) startAgain(parts ...*cluster.Part) {
	s.t.Helper()
	for _, p := range parts {
		if err := p.Start(within(s.t, 30*time.Second)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.c.WaitReady(within(s.t, 30*time.Second), len(s.c.Servers)); err != nil {
		s.t.Error(err)
	}
}

// serverOf returns the server that the window says it is connected to.
func (s *scene) serverOf(w *window) *cluster.Part {
	s.t.Helper()
	w.state("connected")
	label := w.label()
	i := slices.IndexFunc(s.c.Servers, func(p *cluster.Part) bool { return strings.HasSuffix(label, " "+p.Name) })
	if i < 0 {
		s.t.Fatalf("%s's state says %q, which names no server", w.name, label)
	}
	return s.c.Servers[i]
}

// label returns what the state of the page says.
func (w *window) label() (label string) {
	w.t.Helper()
	w.do(chromedp.Text("#state", &label, chromedp.ByQuery))
	return label
}

// watchState begins to write down what the state of the page says, each time that it says something else.
func (w *window) watchState() {
	w.t.Helper()
	w.do(chromedp.Evaluate(`{
		const seen = window.statesSeen = []
		const note = () => {
			const state = document.querySelector('#state')
			const now = state ? state.dataset.kind + ': ' + state.innerText.trim() : 'none'
			if (seen.at(-1) !== now) seen.push(now)
		}
		new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
		note()
	}`, nil))
}

// statesSeen returns what watchState wrote down.
func (w *window) statesSeen() (all []string) {
	w.t.Helper()
	w.do(chromedp.Evaluate("window.statesSeen", &all))
	return all
}

// wasOnly fails the test if the state of the page was of any other kind since watchState.
func (w *window) wasOnly(kinds ...string) {
	w.t.Helper()
	for _, state := range w.statesSeen() {
		if kind, _, _ := strings.Cut(state, ":"); !slices.Contains(kinds, kind) {
			w.t.Errorf("%s's page said %q, want no more than %q", w.name, state, kinds)
		}
	}
}

// tells waits until the state of the page is of that kind and contains these words.
func (w *window) tells(kind, words string) {
	w.t.Helper()
	quoted, err := json.Marshal(words)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.Poll(`document.querySelector('#state')?.dataset.kind === "`+kind+`" && document.querySelector('#state').innerText.includes(`+string(quoted)+`)`, nil))
}

// holds waits until the window shows exactly these texts as on their way, in this order and behind all else.
func (w *window) holds(want ...string) {
	w.t.Helper()
	eventually(w.t, 20*time.Second, w.name+"'s window", func() error {
		var got []string
		for _, m := range w.messages() {
			if m.State == "sending" {
				got = append(got, m.Text)
			} else if len(got) > 0 {
				return fmt.Errorf("%+v stands behind %q", m, got)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%q are on their way, want %q", got, want)
		}
		return nil
	})
}

// drafts writes into the field and does not send it.
func (w *window) drafts(text string) {
	w.t.Helper()
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(text))
}

// keeps checks that the draft is still in the field, and that the field still has the focus.
func (w *window) keeps(draft string) {
	w.t.Helper()
	var focus, value string
	w.do(chromedp.Evaluate("document.activeElement.id", &focus), chromedp.Value("#text", &value, chromedp.ByQuery))
	if focus != "text" || value != draft {
		w.t.Errorf("%s has the focus in %q and %q in the field, want %q in the field that has it", w.name, focus, value, draft)
	}
}
