package page

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// The page keeps its shape from 320 px to wide, in light and dark, and explains
// why a name is refused.
func TestPageLooks(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 2})
	browser := browse(t)
	w := openWindow(t, browser, strings.Repeat("x", 33), c.PageURL())
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery),
		typeIn("#name", w.name), pressEnter(0),
		chromedp.Poll(`document.querySelector('#name-error').innerText !== ''`, nil))
	var message string
	w.do(chromedp.Text("#name-error", &message, chromedp.ByQuery))
	if !strings.Contains(message, "32") {
		t.Errorf("a name that is too long is refused with %q", message)
	}
	w.shoot("refused")
	w.do(chromedp.Evaluate(`document.querySelector("#name").value = ""`, nil))
	w.name = "ann"
	w.enter()
	var want []string
	for i := range 12 {
		want = append(want, fmt.Sprint("message ", i, strings.Repeat(" word", i*3)))
		w.say(want[i])
		w.shows(want...)
	}
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{
		{"wide-light", 1200, 800, "light"},
		{"wide-dark", 1200, 800, "dark"},
		{"narrow-light", 390, 844, "light"},
		{"narrowest-dark", 320, 640, "dark"},
	} {
		w.do(chromedp.EmulateViewport(view.width, view.height), prefers(view.scheme))
		w.fitsAcross(view.name)
		w.shoot(view.name)
	}
	w.noErrors()
}

// A user who is logged in has the private chats beside the room from 1100 px
// on, and a button to them below that. Nothing is wider or higher than the
// window, however many chats there are.
func TestPageLooksWithChats(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 1, API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	w := openWindow(t, browse(t), "ann", c.PageURL())
	w.do(chromedp.Click("#account-open-register", chromedp.ByQuery))
	w.shoot("register")
	w.do(typeIn("#account-name", w.name),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	w.state("connected")
	for i := range 12 {
		friend := fmt.Sprint("friend-", i)
		other := testapi.New(t, func() string { return "http://" + c.APIs[0].Addr })
		account := map[string]string{"name": friend, "password": testapi.Password}
		if status, answer, err := other.Do(t.Context(), http.MethodPost, "/accounts/", account); err != nil ||
			status != http.StatusCreated {
			t.Fatalf("register %s: %d %v, %v", friend, status, answer, err)
		}
		w.beginsChat(friend)
		w.do(chromedp.WaitVisible(`#chats-list li[data-name="`+friend+`"] > [aria-current="true"]`,
			chromedp.ByQuery),
		)
		w.say("hello " + friend)
	}
	w.do(chromedp.WaitVisible(`#messages li[data-state="delivered"]`, chromedp.ByQuery))
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
		beside        bool
	}{
		{"chats-wide-light", 1280, 700, "light", true},
		{"chats-wide-dark", 1100, 700, "dark", true},
		{"chats-middle-light", 1000, 700, "light", false},
		{"chats-narrow-dark", 390, 640, "dark", false},
		{"chats-narrowest-light", 320, 560, "light", false},
	} {
		w.do(
			chromedp.EmulateViewport(view.width, view.height),
			prefers(view.scheme),
			chromedp.Poll(fmt.Sprintf(`document.querySelector('#chats').open === %t`, view.beside), nil),
		)
		w.fits(view.name)
		w.shoot(view.name)
		if !view.beside {
			w.do(chromedp.Click("#chats-button", chromedp.ByQuery),
				chromedp.WaitVisible("#chats-list", chromedp.ByQuery))
			w.fits(view.name + ", with its sheet")
			w.shoot(view.name + "-sheet")
			w.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#chats-list", chromedp.ByQuery))
		}
	}
	w.noErrors()
}

// prefers sets whether the user prefers a light or a dark page.
func prefers(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// fitsAcross fails the test if the page is wider than the window.
func (w *window) fitsAcross(view string) {
	w.t.Helper()
	var over int
	w.do(chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over))
	if over > 0 {
		w.t.Errorf("%s: the page is %d px wider than the window", view, over)
	}
}

// fits fails the test if the page stays larger than the window.
func (w *window) fits(view string) {
	w.t.Helper()
	var over [2]int
	for end := time.Now().Add(patience / 4); ; {
		w.do(chromedp.Evaluate(`new Promise(requestAnimationFrame).then(() => {
			const e = document.documentElement
			return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]
		})`, &over, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		if over[0] <= 0 && over[1] <= 0 {
			return
		}
		if time.Now().After(end) {
			w.t.Errorf("%s: the page is %d px wider and %d px higher than the window", view, over[0], over[1])
			return
		}
	}
}

// shootBoth takes screenshots on a desktop in light and on a phone in dark.
func (w *window) shootBoth(name string) {
	w.t.Helper()
	for _, view := range []struct {
		width, height int64
		scheme        string
	}{{390, 844, "dark"}, {1280, 760, "light"}} {
		w.do(
			chromedp.EmulateViewport(view.width, view.height),
			prefers(view.scheme),
			chromedp.Poll(`document.getAnimations().length === 0`, nil),
		)
		w.shoot(fmt.Sprint(name, "-", view.width, "-", view.scheme))
	}
}
