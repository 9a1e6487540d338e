package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/e2e/cluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// tale is a whole cluster with accounts, and two people who write to each other in private.
type tale struct {
	t    *testing.T
	c    *cluster.Cluster
	ann  *talker
	bob  *talker
	said []string // in their chat, as they said it
}

// talker is somebody with an account, in a window.
type talker struct {
	*window

	mu   sync.Mutex
	feed string // guarded by mu: the server of the newest feed socket
}

// openTalker opens a window whose sockets are watched.
func openTalker(t *testing.T, browser context.Context, c *cluster.Cluster, name string) *talker {
	t.Helper()
	p := &talker{window: openWindow(t, browser, name, "about:blank")}
	chromedp.ListenTarget(p.ctx, func(event any) {
		frame, ok := event.(*network.EventWebSocketFrameReceived)
		if !ok {
			return
		}
		var welcome struct{ Type, Room, App string }
		if json.Unmarshal([]byte(frame.Response.PayloadData), &welcome) == nil && welcome.Type == "welcome" && strings.HasPrefix(welcome.Room, "user:") {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.feed = welcome.App
		}
	})
	p.do(chromedp.Navigate(c.PageURL()))
	return p
}

// enters registers or logs in, as the button with that id says.
func (p *talker) enters(way string) {
	p.t.Helper()
	p.do(chromedp.Click(way, chromedp.ByQuery), chromedp.WaitVisible("#account-submit", chromedp.ByQuery),
		chromedp.SendKeys("#account-name", p.name, chromedp.ByQuery), chromedp.SendKeys("#account-password", testapi.Password, chromedp.ByQuery),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	p.state("connected")
	p.server()
}

// server waits until the feed stands and returns the server that it is on.
func (p *talker) server() (app string) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, p.name+"'s feed", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if app = p.feed; app == "" {
			return fmt.Errorf("no welcome has come")
		}
		return nil
	})
	return app
}

// leaves logs out and closes the page.
func (p *talker) leaves() {
	p.t.Helper()
	p.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#logout", chromedp.ByQuery), chromedp.Click("#logout", chromedp.ByQuery),
		chromedp.WaitVisible("#subscribe", chromedp.ByQuery), chromedp.Navigate("about:blank"))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.feed = ""
}

// sees waits until the window shows exactly these texts in the open chat, each once, and those of its owner in one of these states.
func (p *talker) sees(want []string, states ...string) {
	p.t.Helper()
	eventually(p.t, 40*time.Second, p.name+"'s window", func() error {
		var got []string
		seen := map[string]bool{}
		for _, m := range p.messages() {
			if m.Own && !slices.Contains(states, m.State) || seen[m.ID] {
				return fmt.Errorf("%+v, want it once and %q", m, states)
			}
			seen[m.ID] = true
			got = append(got, m.Text)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("shows %q, want %q", got, want)
		}
		return nil
	})
}

// says has one of them say something.
func (s *tale) says(p *talker, text string) {
	s.t.Helper()
	p.say(text)
	s.said = append(s.said, text)
}

// agree waits until both see everything that was said, once, in one order: the order in which it was said, unless they spoke at the same time.
func (s *tale) agree(atOnce int) {
	s.t.Helper()
	before := len(s.said) - atOnce
	eventually(s.t, 40*time.Second, "ann's window", func() error {
		var got []string
		for _, m := range s.ann.messages() {
			got = append(got, m.Text)
		}
		want := slices.Sorted(slices.Values(s.said))
		if !slices.Equal(slices.Sorted(slices.Values(got)), want) || !slices.Equal(got[:before], s.said[:before]) {
			return fmt.Errorf("shows %q, want %q", got, s.said)
		}
		s.said = got
		return nil
	})
	for _, p := range []*talker{s.ann, s.bob} {
		p.sees(s.said, "read")
	}
}

// chatOf is the selector of a chat in the list.
func chatOf(name string) string { return fmt.Sprintf(`#chats-list > li.chat[data-name=%q]`, name) }

// The whole story: two people register, one writes while the other is away, who finds it when he is back; they talk over two servers, one of which is
// killed, and an API process too, and nothing is lost or doubled; nobody else sees any of it.
func TestPrivateStory(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c := start(t, cluster.Options{API: 2, DB: testpg.New(t).Database(), Nginx: true, Env: map[string]string{"BALANCE": "false"}})
	browser := browse(t)
	s := &tale{t: t, c: c, ann: openTalker(t, browser, c, "ann"), bob: openTalker(t, browser, c, "bob")}
	ann, bob := s.ann, s.bob
	ann.enters("#account-open-register")
	bob.enters("#account-open-register")
	bob.leaves()

	// Ann writes while bob is away.
	ann.do(chromedp.SendKeys("#chat-name", "bob", chromedp.ByQuery), chromedp.Click("#chat-open", chromedp.ByQuery),
		chromedp.WaitVisible(`#log[data-conversation]:not([data-conversation="room"])`, chromedp.ByQuery))
	var chat string
	ann.do(chromedp.AttributeValue("#log", "data-conversation", &chat, nil, chromedp.ByQuery))
	s.says(ann, "are you there?")
	s.says(ann, "call me")
	ann.sees(s.said, "sent", "delivered")
	ann.shoot("private-away")

	// Bob comes back and finds it; ann sees that he has read it.
	bob.do(chromedp.Navigate(c.PageURL()))
	bob.enters("#account-open-login")
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="2"]`, chromedp.ByQuery), chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.sees(s.said)
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="0"]`, chromedp.ByQuery))
	ann.sees(s.said, "read")

	// They talk, on two servers.
	for range 4 { // whose turn it is at the balancer, nobody knows
		if ann.server() != bob.server() {
			break
		}
		bob.mu.Lock()
		bob.feed = ""
		bob.mu.Unlock()
		bob.do(chromedp.Reload())
		bob.server()
		bob.do(chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	}
	if ann.server() == bob.server() {
		t.Fatalf("both feeds are on server %s", ann.server())
	}
	for _, p := range []*talker{ann, bob} {
		p.do(chromedp.Evaluate("window.sameAsEver = true", nil))
	}
	for i := range 3 {
		s.says(ann, fmt.Sprint("question ", i))
		bob.sees(s.said, "read")
		s.says(bob, fmt.Sprint("answer ", i))
		s.agree(1)
	}
	bob.shoot("private-talk")

	// Each in turn loses the server of his feed, and both an API process, while they talk.
	for round, p := range []*talker{ann, bob} {
		at := slices.IndexFunc(c.Servers, func(one *cluster.Part) bool { return one.Name == p.server() })
		dead := []*cluster.Part{c.Servers[at], c.APIs[round]}
		for i := range 6 {
			if i == 2 {
				for _, one := range dead {
					if err := one.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.says([]*talker{ann, bob}[i%2], fmt.Sprintf("round %d, message %d", round, i))
		}
		s.agree(6)
		if p.server() == dead[0].Name {
			t.Errorf("%s's feed is on server %s, which was killed", p.name, p.server())
		}
		for _, one := range dead {
			if err := one.Start(within(t, 20*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range []*talker{ann, bob} {
		var same bool
		p.do(chromedp.Evaluate("window.sameAsEver === true", &same))
		if !same {
			t.Errorf("%s's page was loaded anew", p.name)
		}
		p.calm(append(brokenLink, "Failed to load resource")...)
	}
	s.isPrivate(chat)
}

// isPrivate makes sure that somebody else finds nothing of a chat.
func (s *tale) isPrivate(chat string) {
	s.t.Helper()
	eve := testapi.New(s.t, func() string { return "http://" + s.c.HAProxy.Addr })
	ask := func(want int, method, path string, body any) map[string]any {
		s.t.Helper()
		status, answer, err := eve.Do(s.t.Context(), method, path, body)
		if err != nil || status != want {
			s.t.Fatalf("%s %s: %d %v %v, want %d", method, path, status, answer, err, want)
		}
		return answer
	}
	ask(http.StatusCreated, "POST", "/accounts/", map[string]string{"name": "eve", "password": testapi.Password})
	ask(http.StatusNotFound, "GET", "/chats/"+chat+"/messages/", nil)
	ask(http.StatusNotFound, "POST", "/chats/"+chat+"/messages/", map[string]string{"text": "hello"})
	for path, list := range map[string]string{"/chats/": "chats", "/search/?q=question": "results"} {
		answer := ask(http.StatusOK, "GET", path, nil)
		if found, ok := answer[list].([]any); !ok || len(found) > 0 {
			s.t.Errorf("eve asks for %s and gets %v", path, answer)
		}
	}
}
