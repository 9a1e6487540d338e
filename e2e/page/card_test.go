package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// noSocket makes each WebSocket of the page fail until letIn is called.
const noSocket = `(real => {
	window.WebSocket = function () {
		setTimeout(() => this.onclose?.({code: 1006})); this.close = this.send = () => {} }
	window.letIn = () => { window.WebSocket = real }
})(WebSocket)`

// looks takes screenshots at three widths, in both themes.
func (w *window) looks(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, size := range [][2]int64{{1280, 760}, {390, 844}, {320, 640}} {
			w.do(chromedp.EmulateViewport(size[0], size[1]),
				chromedp.Poll(`document.getAnimations().every(a => a.playState !== "running")`, nil))
			// the panels beside the room close a moment after the window is narrow
			w.becomes(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`)
			w.shoot(fmt.Sprint(name, "-", size[0], "-", scheme))
		}
	}
	w.do(chromedp.EmulateViewport(1280, 760))
}

// focused waits until that element has the focus.
func (w *window) focused(id string) {
	w.t.Helper()
	w.becomes(fmt.Sprintf(`document.activeElement.id === %q`, id))
}

// The name that stands in the field is the one that counts, even while joining
// is being tried. A name that nobody can have is refused with a sentence of its
// own.
func TestCardNames(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	w := openWindow(t, browse(t), "second", "http://"+p.Addr+"/")
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery))
	for _, name := range []string{"admin", "me"} {
		w.do(chromedp.SetValue("#name", name, chromedp.ByQuery),
			chromedp.Click("#subscribe", chromedp.ByQuery))
		w.saysOf("#name-error", "This name is reserved. Please choose another.")
		w.focused("name")
		w.saysOf("#subscribe", "SUBSCRIBE")
	}
	w.looks("reserved")

	w.do(chromedp.Evaluate(noSocket, nil), chromedp.SetValue("#name", "first", chromedp.ByQuery),
		chromedp.Focus("#name", chromedp.ByQuery), pressEnter(0))
	w.tellsOf("#name-error", "The server won't let us in.*")
	w.saysOf("#subscribe", "JOINING…")
	w.looks("joining")
	w.do(chromedp.Evaluate(`document.querySelector("#name").select()`, nil),
		typeIn("#name", w.name))
	w.saysOf("#subscribe", "SUBSCRIBE")
	w.do(chromedp.Evaluate("letIn()", nil), pressEnter(0))
	w.state("connected")
	w.do(chromedp.WaitVisible(`#names > li[data-name="second"]`, chromedp.ByQuery),
		chromedp.WaitNotPresent(`#names > li[data-name="first"]`, chromedp.ByQuery))
	w.noErrors()
}

// Each field of the forms for accounts has its mistake below it.
func TestCardAccounts(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, w := openAlone(t)
	submit := chromedp.Click("#account-submit", chromedp.ByQuery)
	w.do(chromedp.Click("#account-open-login", chromedp.ByQuery), submit)
	w.saysOf("#account-name-error", "Type a name first.")
	w.saysOf("#account-error", "Type your password.")
	w.focused("account-name")
	w.looks("nothing-typed")
	w.do(chromedp.Click("#account-other", chromedp.ByQuery),
		typeIn("#account-name", "a b"),
		typeIn("#account-password", testapi.Password), submit)
	w.saysOf("#account-name-error", "Names have 3–20 characters: a–z, 0–9, _ or -.")
	w.is("nothing is said of the password", `document.querySelector("#account-error").innerText === ""`)
	w.looks("bad-name")
	w.do(chromedp.SetValue("#account-name", "admin", chromedp.ByQuery), submit)
	w.saysOf("#account-name-error", "This name is reserved. Please choose another.")
	w.focused("account-name")
	w.do(chromedp.SetValue("#account-name", w.name, chromedp.ByQuery), submit)
	w.state("connected")
	w.noErrors("status of 403")

	// In the account: one form at a time, its mistake inside it.
	w.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.Click("#change-password", chromedp.ByQuery),
		chromedp.Click("#password-save", chromedp.ByQuery))
	w.saysOf("#old-password + #account-note", "Type your password.")
	w.focused("old-password")
	w.looks("password-missing")
	w.do(typeIn("#old-password", testapi.Password),
		typeIn("#new-password", "short"),
		chromedp.Click("#password-save", chromedp.ByQuery))
	w.saysOf("#new-password + #account-note", "That's too short: 8 characters at least.")
	w.do(chromedp.Click("#delete-account", chromedp.ByQuery),
		chromedp.WaitNotVisible("#password-form", chromedp.ByQuery),
		typeIn("#delete-password", "wrong password"),
		chromedp.Click("#delete-confirm", chromedp.ByQuery))
	w.saysOf("#delete-password + #account-note", "Wrong password.")
	w.looks("delete")
	w.do(chromedp.Click("#change-password", chromedp.ByQuery),
		chromedp.WaitNotVisible("#delete-form", chromedp.ByQuery),
		typeIn("#old-password", testapi.Password),
		typeIn("#new-password", testapi.Password+"2"),
		chromedp.Click("#password-save", chromedp.ByQuery))
	w.saysOf("#change-password + #account-note", "Password changed.")
	w.do(chromedp.WaitNotVisible("#password-form", chromedp.ByQuery))
	w.noErrors("status of 403")
}

// The links of the card are large enough for a finger.
func TestCardLinks(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, w := openAlone(t)
	w.do(chromedp.EmulateViewport(390, 844), chromedp.WaitVisible("#name", chromedp.ByQuery))
	w.is("every link and button is 44 px high",
		`[...document.querySelectorAll(".card :is(a, button)")].every(e => !e.offsetHeight || e.offsetHeight >= 44)`)
}

// A guest logs in over the room, which goes on meanwhile. Back and Escape lead
// to the room again, and the account continues where the guest was.
func TestGuestLogsInOverTheRoom(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, w := openAlone(t)
	w.do(chromedp.EmulateViewport(1280, 760))
	w.enter()
	w.say("said as a guest")
	w.shows("said as a guest")
	w.drafts("a draft")
	open := chromedp.Tasks{chromedp.Click("#login", chromedp.ByQuery),
		chromedp.WaitVisible("#login-dialog #account-name", chromedp.ByQuery)}
	closed := chromedp.WaitNotVisible("#login-dialog", chromedp.ByQuery)
	w.do(open)
	w.focused("account-password") // the name is there
	w.do(chromedp.KeyEvent(kb.Escape), closed)
	w.state("connected")
	// Growing brings a column beside the room, under the dialog.
	w.do(open, chromedp.EmulateViewport(600, 760), chromedp.EmulateViewport(1280, 760))
	w.do(chromedp.KeyEvent(kb.Escape), closed)
	w.do(open)
	w.goes(-1)
	w.do(closed)
	w.state("connected")
	w.shows("said as a guest")
	w.do(open)
	w.looks("login-over-room")
	w.do(chromedp.Click("#account-submit", chromedp.ByQuery))
	w.saysOf("#account-error", "Type your password.")
	w.do(chromedp.Click("#account-other", chromedp.ByQuery),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery),
		chromedp.WaitVisible("#account", chromedp.ByQuery))
	w.state("connected")
	w.shows("said as a guest")
	w.keeps("a draft")
	w.noErrors()
}
