package page

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

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// story is a whole cluster with accounts, and two users who write to each other
// in private.
type story struct {
	t    *testing.T
	c    *localcluster.Cluster
	ann  *storyUser
	bob  *storyUser
	said []string // texts of their chat, in order
}

// storyUser is a user with an account, in a window.
type storyUser struct {
	*window

	mu   sync.Mutex
	feed string // guarded by mu: the server of the newest feed socket
}

// openStoryUser opens a window and watches its sockets.
func openStoryUser(t *testing.T, browser context.Context, c *localcluster.Cluster, name string) *storyUser {
	t.Helper()
	p := &storyUser{window: openWindow(t, browser, name, "about:blank")}
	chromedp.ListenTarget(p.ctx, func(event any) {
		frame, ok := event.(*network.EventWebSocketFrameReceived)
		if !ok {
			return
		}
		var welcome struct{ Type, Room, App string }
		if json.Unmarshal([]byte(frame.Response.PayloadData), &welcome) == nil && welcome.Type == "welcome" &&
			strings.HasPrefix(welcome.Room, "user:") {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.feed = welcome.App
		}
	})
	p.do(chromedp.Navigate(c.PageURL()))
	return p
}

// enters registers or logs in with the button of that id.
func (p *storyUser) enters(way string) {
	p.t.Helper()
	p.do(chromedp.Click(way, chromedp.ByQuery), chromedp.WaitVisible("#account-submit", chromedp.ByQuery),
		typeIn("#account-name", p.name),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	p.state("connected")
	p.server()
}

// server waits until the feed is connected and returns its server.
func (p *storyUser) server() (app string) {
	p.t.Helper()
	harness.Eventually(p.t, time.Minute, p.name+"'s feed", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if app = p.feed; app == "" {
			return fmt.Errorf("no welcome received")
		}
		return nil
	})
	return app
}

// leaves logs out and closes the page.
func (p *storyUser) leaves() {
	p.t.Helper()
	p.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#logout", chromedp.ByQuery),
		chromedp.Click("#logout", chromedp.ByQuery), chromedp.WaitVisible("#subscribe", chromedp.ByQuery),
		chromedp.Navigate("about:blank"))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.feed = ""
}

// sees waits until the open chat shows exactly these texts, each once, and the
// user's own in one of these states.
func (p *storyUser) sees(want []string, states ...string) {
	p.t.Helper()
	harness.Eventually(p.t, time.Minute, p.name+"'s window", func() error {
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

// says makes one of them write.
func (s *story) says(p *storyUser, text string) {
	s.t.Helper()
	p.say(text)
	s.said = append(s.said, text)
}

// agree waits until both see every message once and in one order: that of
// writing, unless they wrote at the same time.
func (s *story) agree(atOnce int) {
	s.t.Helper()
	before := len(s.said) - atOnce
	harness.Eventually(s.t, time.Minute, "ann's window", func() error {
		var got []string
		for _, m := range s.ann.messages() {
			got = append(got, m.Text)
		}
		want := slices.Sorted(slices.Values(s.said))
		if !slices.Equal(slices.Sorted(slices.Values(got)), want) ||
			!slices.Equal(got[:before], s.said[:before]) {
			return fmt.Errorf("shows %q, want %q", got, s.said)
		}
		s.said = got
		return nil
	})
	for _, p := range []*storyUser{s.ann, s.bob} {
		p.sees(s.said, "read")
	}
}

// chatOf returns the selector of a chat in the list.
func chatOf(name string) string { return fmt.Sprintf(`#chats-list > li.chat[data-name=%q]`, name) }

// The whole story: two users register. One writes while the other is away and
// finds the messages on return. They chat over two servers; one of them is
// killed, and an API process too. Nothing is lost or doubled, and no other user
// sees any of it.
func TestPrivateStory(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c := harness.Start(t, localcluster.Options{
		API:   2,
		DB:    testpg.New(t).Database(),
		Nginx: true,
		Env:   map[string]string{"BALANCE": "false"},
	})
	browser := browse(t)
	s := &story{
		t:   t,
		c:   c,
		ann: openStoryUser(t, browser, c, "ann"),
		bob: openStoryUser(t, browser, c, "bob"),
	}
	ann, bob := s.ann, s.bob
	ann.enters("#account-open-register")
	bob.enters("#account-open-register")
	bob.leaves()

	// Ann writes while bob is away.
	ann.beginsChat("bob")
	ann.do(chromedp.WaitVisible(`#log[data-conversation]:not([data-conversation="room"])`, chromedp.ByQuery))
	var chat string
	ann.do(chromedp.AttributeValue("#log", "data-conversation", &chat, nil, chromedp.ByQuery))
	s.says(ann, "are you there?")
	s.says(ann, "call me")
	ann.sees(s.said, "sent", "delivered")
	ann.shoot("private-away")

	// Bob returns and finds them; ann sees that they were read.
	bob.do(chromedp.Navigate(c.PageURL()))
	bob.enters("#account-open-login")
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="2"]`, chromedp.ByQuery),
		chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.sees(s.said)
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="0"]`, chromedp.ByQuery))
	ann.sees(s.said, "read")

	// They chat over two servers.
	for range 4 { // the balancer's next server is unknown
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
	for _, p := range []*storyUser{ann, bob} {
		p.do(chromedp.Evaluate("window.sameAsEver = true", nil))
	}
	for i := range 3 {
		s.says(ann, fmt.Sprint("question ", i))
		bob.sees(s.said, "read")
		s.says(bob, fmt.Sprint("answer ", i))
		s.agree(1)
	}
	bob.shoot("private-talk")

	// Each in turn loses the server of the feed, and both lose an API process,
	// while they chat.
	for round, p := range []*storyUser{ann, bob} {
		at := slices.IndexFunc(c.Servers, func(one *localcluster.Part) bool { return one.Name == p.server() })
		dead := []*localcluster.Part{c.Servers[at], c.APIs[round]}
		for i := range 6 {
			if i == 2 {
				for _, one := range dead {
					if err := one.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.says([]*storyUser{ann, bob}[i%2], fmt.Sprintf("round %d, message %d", round, i))
		}
		s.agree(6)
		if p.server() == dead[0].Name {
			t.Errorf("%s's feed is on server %s, which was killed", p.name, p.server())
		}
		for _, one := range dead {
			if err := one.Start(harness.Within(t, time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range []*storyUser{ann, bob} {
		var same bool
		p.do(chromedp.Evaluate("window.sameAsEver === true", &same))
		if !same {
			t.Errorf("%s's page was reloaded", p.name)
		}
		p.noErrors(append(brokenLink, "Failed to load resource")...)
	}
	s.isPrivate(chat)
}

// isPrivate checks that another user finds nothing of a chat.
func (s *story) isPrivate(chat string) {
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
	ask(http.StatusCreated, "POST", "/accounts/",
		map[string]string{"name": "eve", "password": testapi.Password})
	ask(http.StatusNotFound, "GET", "/chats/"+chat+"/messages/", nil)
	ask(http.StatusNotFound, "POST", "/chats/"+chat+"/messages/", map[string]string{"text": "hello"})
	for path, list := range map[string]string{"/chats/": "chats", "/search/?q=question": "results"} {
		answer := ask(http.StatusOK, "GET", path, nil)
		if found, ok := answer[list].([]any); !ok || len(found) > 0 {
			s.t.Errorf("eve asks for %s and gets %v", path, answer)
		}
	}
}
