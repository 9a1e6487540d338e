package page

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// before makes a script run in the page before its own, from the next load on.
func (w *window) before(script string) {
	w.t.Helper()
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// An empty room and a list of nobody else offer to invite people, as the menu
// does: the link to the room, to copy, to share and as a code.
func TestInvite(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	browser := browse(t)
	link := "http://" + p.Addr + "/?room=go-club"
	ann := openWindow(t, browser, "ann", "about:blank")
	ann.before(`navigator.share = async data => { window.shared = data }
		navigator.clipboard.writeText = async text => { window.copied = text }`)
	ann.do(chromedp.Navigate(link+"&x=1#m/1/x"), chromedp.EmulateViewport(1280, 760))
	ann.enter()
	ann.saysOf("#empty .empty-title", "Nobody has written here yet")
	ann.do(chromedp.WaitVisible("#roster-alone", chromedp.ByQuery))
	ann.looks("empty-room")

	open := `document.querySelector("#invite-dialog").matches(":modal")`
	for _, from := range []string{"#empty .invite", "#roster-alone .invite"} {
		ann.clicks(from)
		ann.waitFor(open)
		ann.focused("invite-copy")
		ann.do(chromedp.KeyEvent(kb.Escape))
		ann.becomes("!" + open)
		ann.is("the focus is back at "+from,
			fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, from))
	}
	ann.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#menu-invite", chromedp.ByQuery))
	ann.becomes(open)
	ann.is("the link is that of the room",
		fmt.Sprintf(`document.querySelector("#invite-link").value === %q`, link))
	ann.saysOf("#invite-local", "This address works on this computer only. "+
		"Others need the name or the address of your server.")
	ann.do(chromedp.Click("#invite-copy", chromedp.ByQuery))
	ann.saysOf("#invite-copy", "Copied")
	ann.is("it is copied", fmt.Sprintf(`window.copied === %q`, link))
	ann.looks("invite-copied")
	ann.saysOf("#invite-copy", "Copy link")
	ann.do(chromedp.Click("#invite-share", chromedp.ByQuery))
	ann.is("it is shared", fmt.Sprintf(`window.shared.url === %q`, link))
	ann.looks("invite")
	ann.goes(-1)
	ann.becomes("!" + open)
	ann.state("connected")

	// Where there is no clipboard, the browser copies a selection in the dialog.
	ann.do(chromedp.Evaluate(`navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"))
		document.addEventListener("copy", () => { window.selected = document.activeElement.value })`, nil),
		chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#menu-invite", chromedp.ByQuery),
		chromedp.Click("#invite-copy", chromedp.ByQuery))
	ann.saysOf("#invite-copy", "Copied")
	ann.is("the selection is the link", fmt.Sprintf(`window.selected === %q`, link))
	ann.do(chromedp.Click("#invite-dialog .close", chromedp.ByQuery))

	// Somebody comes by the link: nobody is alone any more, and once something
	// is said the room is not empty.
	bob := openWindow(t, browser, "bob", link)
	bob.enter()
	bob.is("no share where the browser has none",
		`document.querySelector("#invite-share").hidden === !navigator.share`)
	ann.do(chromedp.WaitNotVisible("#roster-alone", chromedp.ByQuery))
	bob.say("here I am")
	ann.do(chromedp.WaitNotVisible("#empty", chromedp.ByQuery))
	ann.noErrors()
	bob.noErrors()
}

// On a phone the dialog lies over the list of people, and closes alone.
func TestInviteFromAPhone(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, w := openAlone(t)
	w.do(chromedp.EmulateViewport(390, 844), emulation.SetTouchEmulationEnabled(true))
	w.enter()
	w.do(chromedp.Click("#people", chromedp.ByQuery), chromedp.WaitVisible("#roster-alone", chromedp.ByQuery),
		chromedp.Poll(`document.getAnimations().length === 0`, nil),
		chromedp.Click("#roster-alone .invite", chromedp.ByQuery))
	w.becomes(`document.querySelector("#invite-dialog").matches(":modal")`)
	w.is("every button is 44 px high", `[...document.querySelectorAll("#invite-dialog :is(button, input)")]
		.every(e => !e.offsetHeight || e.offsetHeight >= 44)`)
	w.goes(-1)
	w.becomes(`!document.querySelector("#invite-dialog").open &&
		document.querySelector("#roster").matches(":modal")`)
	w.goes(-1)
	w.becomes(`!document.querySelector("#roster").open`)
	w.state("connected")
	w.noErrors()
}

// A chat in which nothing was said, no chats, and nothing found: each says so,
// and what one can do.
func TestEmptyStates(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p, w := openAlone(t)
	bob := testapi.New(t, func() string { return "http://" + p.Addr })
	if status, answer, err := bob.Do(t.Context(), http.MethodPost, "/accounts/",
		map[string]string{"name": "bob", "password": testapi.Password}); err != nil ||
		status != http.StatusCreated {
		t.Fatalf("register bob: %d %v, %v", status, answer, err)
	}
	w.do(chromedp.EmulateViewport(1280, 760))
	w.registers()
	w.saysOf("#chats-none", "No private chats yet. Pick someone from People, or start a new chat.")
	w.shootAll("nothing")
	w.do(typeIn("#search", "walrus"))
	w.saysOf("#search-note", "No results for “walrus”. Try other words, or fewer.")
	w.shoot("found-nothing")
	w.do(chromedp.Click("#search-clear", chromedp.ByQuery))
	w.beginsChat("bob")
	w.isAt("bob", "")
	w.saysOf("#empty .empty-title", "bob")
	w.saysOf("#empty .empty-line", "No messages yet. Only the two of you see this chat.")
	w.is("nobody is invited to a chat of two", `document.querySelector("#empty .invite") === null`)
	w.shootAll("empty-chat")
	w.say("hello")
	w.do(chromedp.WaitNotVisible("#empty", chromedp.ByQuery))
	w.noErrors()
}
