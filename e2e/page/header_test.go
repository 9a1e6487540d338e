package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/need"
)

// shootHeader saves the window from a small phone to a big screen, by day and
// by night, and tells what does not fit into the header.
func (w *window) shootHeader(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, width := range []int64{320, 390, 1280, 1920} {
			w.do(chromedp.EmulateViewport(width, 720), chromedp.Poll(`document.getAnimations().length === 0`, nil))
			at := fmt.Sprint(name, "-", width, "-", scheme)
			w.is(at+": the page is no wider than the window",
				`document.documentElement.scrollWidth <= document.documentElement.clientWidth`)
			w.is(at+": no word of the header is cut",
				`[...document.querySelectorAll(".bar h1, .bar .under > *, .bar .chip > *")]
				.every(e => e.scrollWidth <= e.clientWidth || getComputedStyle(e).overflow === "visible") &&
				document.querySelector(".under").scrollWidth <= document.querySelector(".under").clientWidth`)
			w.shoot(at)
		}
	}
	w.do(chromedp.EmulateViewport(1200, 800))
}

const focused = `(e => e.id || e.dataset.theme)(document.activeElement)`

// The menu of the header works by keyboard: arrows, letters, Escape, and the
// focus goes back to its button.
func TestMenu(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, ann := openAlone(t)
	ann.enter()
	ann.becomes(`document.querySelector("#people-count").innerText === "1"`)
	ann.is("one person",
		`document.querySelector(".under").innerText.replace(/\s+/g, " ").startsWith("1 person · connected · ")`)
	ann.shootHeader("header")
	press := func(key, want string) {
		t.Helper()
		ann.do(chromedp.KeyEvent(key))
		ann.is(fmt.Sprintf("after %q the focus is on %s", key, want), fmt.Sprintf(`%s === %q`, focused, want))
	}
	open := `document.querySelector("#menu-button").ariaExpanded === "true" &&
		!document.querySelector("#menu").hidden`
	ann.do(chromedp.Focus("#menu-button", chromedp.ByQuery))
	press(kb.ArrowDown, "menu-rooms")
	ann.is("it is open", open)
	press(kb.ArrowDown, "menu-invite")
	press(kb.ArrowDown, "go-date")
	press(kb.ArrowDown, "menu-notify")
	press(kb.ArrowDown, "menu-sound")
	press(kb.ArrowDown, "menu-mute")
	press(kb.ArrowDown, "menu-keys")
	press(kb.ArrowDown, "cluster")
	press(kb.ArrowDown, "system")
	press(kb.ArrowRight, "light")
	press(kb.End, "leave")
	press(kb.ArrowDown, "menu-rooms")
	press(kb.ArrowUp, "leave")
	press("d", "dark")
	press(kb.Enter, "dark")
	ann.is("night has come, and the menu is there", open+` && document.querySelector("#dark").media === "all" &&
		document.querySelector('[data-theme="dark"]').ariaChecked === "true"`)
	press("s", "menu-sound")
	press("s", "cluster")
	press("s", "system")
	press(" ", "system")
	ann.shootHeader("menu")
	press(kb.Escape, "menu-button")
	ann.is("it is closed", "!("+open+")")
	press(kb.Enter, "menu-rooms")
	press(kb.Tab, "login")
	ann.is("it is closed", "!("+open+")")
	ann.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.WaitVisible("#leave", chromedp.ByQuery),
		chromedp.Click("#log", chromedp.ByQuery))
	ann.is("a click beside it closes it", "!("+open+")")
	ann.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#leave", chromedp.ByQuery),
		chromedp.WaitVisible("#subscribe", chromedp.ByQuery))
	ann.noErrors()
}
