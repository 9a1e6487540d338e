package page

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// saysOf waits until the element shows exactly that text.
func (w *window) saysOf(selector, want string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(selector, chromedp.ByQuery),
		chromedp.Poll(fmt.Sprintf(`document.querySelector(%q).innerText === %q`, selector, want), nil))
}

// shootAll takes screenshots on a desktop and on a phone, in both themes.
func (w *window) shootAll(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for width, height := range map[int64]int64{1280: 760, 390: 844} {
			w.do(
				chromedp.EmulateViewport(width, height),
				chromedp.Poll(
					fmt.Sprintf(isSettled, width > 1000),
					nil,
				),
			)
			// the colours fade between themes
			w.do(chromedp.Poll(`document.getAnimations().length === 0`, nil))
			w.fits(fmt.Sprint(name, " at ", width))
			w.shoot(fmt.Sprint(name, "-", width, "-", scheme))
		}
	}
	w.do(chromedp.EmulateViewport(1280, 760), chromedp.Poll(fmt.Sprintf(isSettled, true), nil))
}

// isSettled is whether the list of chats is where it belongs; guests have none.
const isSettled = `document.querySelector("#account").hidden || document.querySelector("#chats").open === %t`

// When something cannot be done, the page says why, where the user looks.
func TestPageExplainsRefusals(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 1, API: 1})
	browser := browse(t)
	w := openStoryUser(t, browser, c, "ann")
	w.enters("#account-open-register")
	w.do(chromedp.EmulateViewport(1280, 760))
	w.saysOf("#chats-none", "No private chats yet. Pick someone from People, or start a new chat.")
	w.shootAll("no-chats")

	// A guest has no private chats.
	guest := openWindow(t, browser, "guest", c.PageURL())
	guest.enter()
	w.do(chromedp.Click(inRoster("guest")+" > button", chromedp.ByQuery))
	why := "Private chats need an account on both sides."
	w.saysOf("#person-why", why)
	w.shoot("guest-card")
	w.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#person", chromedp.ByQuery))
	w.do(
		chromedp.EmulateViewport(390, 844),
		chromedp.Poll(`!document.querySelector("#roster").open`, nil),
		chromedp.Click("#people", chromedp.ByQuery),
		chromedp.WaitVisible("#names", chromedp.ByQuery),
		// a click on a sheet that slides in may miss it
		chromedp.Poll(`document.getAnimations().length === 0`, nil),
		chromedp.Click(inRoster("guest")+" > button", chromedp.ByQuery),
	)
	w.saysOf("#person-why", why)
	w.shoot("guest-sheet")
	w.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#person", chromedp.ByQuery),
		chromedp.Click("#roster-close", chromedp.ByQuery),
		chromedp.WaitNotVisible("#roster", chromedp.ByQuery))

	// On a phone the fields are large enough for a finger.
	for _, selector := range []string{"#send", "#text"} {
		var height int
		w.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).offsetHeight`, selector), &height))
		if height < 44 {
			t.Errorf("%s is %d px high on a phone, want 44", selector, height)
		}
	}

	// A text that is too long stays in the field.
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(strings.Repeat("x", 4001)),
		pressEnter(0))
	w.saysOf("#composer-note", "1 character too long.")
	w.shootAll("too-long")
	w.do(chromedp.Evaluate(`document.querySelector("#text").select()`, nil), input.InsertText("short"),
		pressEnter(0), chromedp.WaitNotVisible("#composer-note", chromedp.ByQuery))

	// Password managers are told the name of the account, even if the dialog
	// was opened before.
	w.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.Click("#account-close", chromedp.ByQuery),
		chromedp.Click("#account", chromedp.ByQuery))
	var names []string
	w.do(
		chromedp.Evaluate(
			`[...document.querySelectorAll('#account-dialog [autocomplete=username]')].map(e => e.form.id + ' ' + e.value)`,
			&names,
		),
	)
	if got := strings.Join(names, ", "); got != "password-form ann, delete-form ann" {
		t.Errorf("the forms of the account dialog are those of %q", got)
	}
	w.do(chromedp.Click("#account-close", chromedp.ByQuery))
	w.noErrors("status of 404")
	w.deletedFriend(c)
	w.waitsForSearch()
	w.noErrors()
}

// deletedFriend deletes the account of a user to whom the window's user wrote.
func (p *storyUser) deletedFriend(c *localcluster.Cluster) {
	p.t.Helper()
	bob := testapi.New(p.t, func() string { return "http://" + c.APIs[0].Addr })
	password := map[string]string{"password": testapi.Password}
	if status, answer, err := bob.Do(p.t.Context(), http.MethodPost, "/accounts/",
		map[string]string{"name": "bob", "password": testapi.Password}); err != nil ||
		status != http.StatusCreated {
		p.t.Fatalf("register bob: %d %v, %v", status, answer, err)
	}
	p.beginsChat("bob")
	p.do(chromedp.WaitVisible(chatOf("bob")+` > [aria-current="true"]`, chromedp.ByQuery),
		chromedp.WaitNotPresent("#chats-none:not([hidden])", chromedp.ByQuery))
	p.say("will you stay?")
	p.do(chromedp.WaitVisible(`#messages li[data-state="delivered"]`, chromedp.ByQuery))
	if status, answer, err := bob.Do(p.t.Context(), http.MethodDelete, "/me/", password); err != nil ||
		status != http.StatusNoContent {
		p.t.Fatalf("delete bob: %d %v, %v", status, answer, err)
	}
	p.say("are you still there?") // the feed has not told the page yet
	p.do(chromedp.WaitVisible(`#messages li[data-state="failed"]`, chromedp.ByQuery))
	p.saysOf("#composer-note", "This account was deleted. You can't write here any more.")
	p.shoot("deleted-meanwhile")
	p.noErrors("status of 409")
	p.do(chromedp.Click("#chats-list > li[data-room] > button", chromedp.ByQuery),
		chromedp.WaitVisible(`#log[data-conversation="room"]`, chromedp.ByQuery),
		chromedp.Click(chatOf("deleted")+" > button", chromedp.ByQuery))
	p.saysOf("#composer-note", "This account was deleted. You can't write here any more.")
	p.saysOf("#room-name", "deleted account")
	p.do(chromedp.WaitVisible(chatOf("deleted"), chromedp.ByQuery),
		chromedp.WaitNotVisible("#composer", chromedp.ByQuery),
		chromedp.WaitNotPresent("#text:enabled", chromedp.ByQuery))
	p.shootAll("deleted")
	p.do(chromedp.Click("#chats-list > li[data-room] > button", chromedp.ByQuery),
		chromedp.WaitVisible("#text:enabled", chromedp.ByQuery))
}

// waitsForSearch searches while the API is slow.
func (p *storyUser) waitsForSearch() {
	p.t.Helper()
	p.do(chromedp.Evaluate(`(fetch => { window.fetch = async (...args) => {
		if (String(args[0]).includes('/search/')) await new Promise(resolve => { window.answer = resolve })
		return fetch(...args)
	} })(window.fetch)`, nil))
	p.do(typeIn("#search", "stay"))
	p.saysOf("#search-note", "Searching…")
	p.do(chromedp.WaitVisible("#chats-list > li[data-room]", chromedp.ByQuery))
	p.shoot("searching")
	p.do(chromedp.Evaluate(`answer()`, nil))
	p.saysOf("#search-note", "1 message")
	p.do(chromedp.WaitVisible("#search-results > li", chromedp.ByQuery),
		chromedp.WaitNotVisible("#chats-list", chromedp.ByQuery))
	p.shoot("found")
}
