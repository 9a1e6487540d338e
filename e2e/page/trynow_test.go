package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// While nobody answers, the reader need not wait for the next try: neither in
// the room nor before the page knows where the server is.
func TestTryNow(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, w := openAlone(t)
	w.do(chromedp.EmulateViewport(1280, 760))
	w.enter()
	w.say("hello")
	w.shows("hello")
	w.do(chromedp.Evaluate(`Math.random = () => 1
		window.setTimeout = (real => (run, ms, ...rest) =>
			ms >= 4000 ? 0 : real(run, ms, ...rest))(window.setTimeout)`, nil))
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	w.saysOf("#banner span", "Can't reach the server. What you write will be sent when it's back.")
	w.saysOf("#banner button", "Try now")
	w.looks("try-now")
	w.say("written meanwhile")
	if err := p.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.state("reconnecting") // and would be for ever
	w.do(chromedp.Click("#banner button", chromedp.ByQuery),
		chromedp.WaitNotVisible("#banner", chromedp.ByQuery))
	w.state("connected")
	w.becomes(`[...document.querySelectorAll("#log li.message")]
		.map(e => e.dataset.state).join() === "sent,sent"`)
	w.noErrors("WebSocket connection to", "ERR_CONNECTION_REFUSED")

	other := openWindow(t, w.browser, "bob", "about:blank")
	other.before(`navigator.serviceWorker.register = () => new Promise(() => {})
		window.setTimeout = (real => (run, ms, ...rest) =>
			ms > 200 ? 0 : real(run, ms, ...rest))(window.setTimeout)
		Math.random = () => 1
		window.down = true
		window.asked = 0
		window.fetch = (real => (url, ...rest) => {
			if (url !== "config.json") return real(url, ...rest)
			window.asked++
			return window.down ? Promise.reject(new TypeError("down")) : real(url, ...rest)
		})(window.fetch)`)
	other.do(chromedp.Navigate("http://" + p.Addr + "/"))
	other.saysOf("#away .lead", "Can't reach the server. Trying again…")
	other.looks("away")
	other.do(chromedp.Click("#away button", chromedp.ByQuery))
	other.becomes("window.asked === 2")
	other.is("it is still away", `document.querySelector("#away") !== null`)
	other.do(chromedp.Evaluate("window.down = false", nil), chromedp.Click("#away button", chromedp.ByQuery))
	other.enter()

	// A user who has been here before need not wait for an answer.
	other.do(chromedp.Reload()) // and it is down again
	other.becomes(`window.asked === 1 && document.querySelector("#log") !== null`)
	other.noErrors()

	// The server is somewhere else than the last time.
	w.do(chromedp.Evaluate(`localStorage.setItem("livechat.config", '{"socketPort":65535}')`, nil),
		chromedp.Reload())
	w.state("connected")
	w.noErrors("WebSocket connection to", "ERR_CONNECTION_REFUSED", "Content Security Policy")
}

// On a big screen the columns are wider.
func TestWidths(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, w := openAlone(t)
	w.registers()
	for _, view := range []struct{ width, column, people, chats int64 }{
		{1599, 720, 240, 280}, {1600, 760, 280, 320}, {1920, 760, 280, 320},
	} {
		w.do(chromedp.EmulateViewport(view.width, 900), chromedp.Poll(`document.getAnimations().length === 0`, nil))
		var got [3]int64
		w.do(chromedp.Evaluate(`[".column", "#roster", "#chats"].map(selector => {
			const e = document.querySelector(selector), s = getComputedStyle(e)
			const padding = parseFloat(s.paddingLeft) + parseFloat(s.paddingRight)
			return selector === ".column" ? e.clientWidth - padding : e.offsetWidth
		})`, &got))
		if want := [3]int64{view.column, view.people, view.chats}; got != want {
			t.Errorf("at %d px the column, people and chats have %d px, want %d", view.width, got, want)
		}
		w.shoot(fmt.Sprint("width-", view.width))
	}
}
