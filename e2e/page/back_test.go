package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// goes presses Back or Forward and stays on the page.
func (w *window) goes(steps int) {
	w.t.Helper()
	w.do(chromedp.Evaluate(fmt.Sprintf("history.go(%d)", steps), nil))
}

// isAt waits until the conversation with that title is on the screen, under
// that sheet or under none.
func (w *window) isAt(title, sheet string) {
	w.t.Helper()
	w.waitFor(
		fmt.Sprintf(
			`document.querySelector("#room-name")?.innerText === %q && (document.querySelector("dialog:modal")?.id ?? "") === %q`,
			title,
			sheet,
		),
	)
	// a click on a sheet that slides in may miss it
	w.do(chromedp.Poll(`document.getAnimations().length === 0`, nil))
}

// isAtPlace waits until the browser is so many entries after the page's first
// one.
func (w *window) isAtPlace(place int) {
	w.t.Helper()
	w.waitFor(fmt.Sprintf(`history.state?.place === %d`, place))
}

// Back and Forward lead through conversations and sheets, on a phone and on a
// desktop, and never out of the page before its first entry.
func TestPageGoesBack(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 1, API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	w := openStoryUser(t, browse(t), c, "ann")
	register(t, c, "bob", "cay")
	w.do(chromedp.EmulateViewport(390, 844))
	w.enters("#account-open-register")
	var url string
	w.do(chromedp.Location(&url), chromedp.Evaluate("window.sameAsEver = true", nil))

	// From the list to a chat, and back to the list.
	open := func(button, title, sheet string) {
		t.Helper()
		w.do(chromedp.Click(button, chromedp.ByQuery))
		w.isAt(title, sheet)
	}
	begin := func(friend string) {
		t.Helper()
		w.beginsChat(friend)
		w.isAt(friend, "")
	}
	open("#chats-button", "livechat", "chats")
	begin("bob")
	w.goes(-1)
	w.isAt("livechat", "chats")
	w.shoot("back-list")
	w.goes(-1)
	w.isAt("livechat", "")
	w.goes(2)
	w.isAt("bob", "")
	w.shoot("forward-chat")

	// Another chat is chosen in the list; Back leads from there to the list as
	// well.
	open("#chats-button", "bob", "chats")
	begin("cay")
	w.isAtPlace(2)
	w.goes(-1)
	w.isAt("livechat", "chats")
	w.goes(1)
	w.isAt("cay", "")

	// Back closes whatever lies over the conversation. It leaves no entry if it
	// was closed with its own button.
	covers := func(title string, place int, button, sheet, close string) {
		t.Helper()
		open(button, title, sheet)
		w.isAtPlace(place + 1)
		w.goes(-1)
		w.isAt(title, "")
		open(button, title, sheet)
		open(close, title, "")
		w.isAtPlace(place)
	}
	covers("cay", 2, "#chats-button", "chats", "#chats-close")
	covers("cay", 2, "#account", "account-dialog", "#account-close")

	// After a reload the chat is open, and Back still works.
	var same bool
	w.do(chromedp.Evaluate("window.sameAsEver === true", &same))
	if !same {
		t.Error("the page was left")
	}
	w.reload()
	w.isAt("cay", "")
	w.goes(-1)
	w.isAt("livechat", "chats")
	open("#chats-close", "livechat", "")
	w.isAtPlace(0)
	covers("livechat", 0, "#people", "roster", "#roster-close")

	// On a desktop: the previous conversation.
	w.do(chromedp.EmulateViewport(1280, 760), chromedp.Poll(`document.querySelector("#chats").open`, nil))
	open(chatOf("bob")+" > button", "bob", "")
	open(chatOf("cay")+" > button", "cay", "")
	w.goes(-1)
	w.isAt("bob", "")
	w.goes(-1)
	w.isAt("livechat", "")
	w.goes(2)
	w.isAt("cay", "")

	// After logging out, Back and Forward do not log in again, and the browser
	// keeps no trace of where the user was.
	w.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#logout", chromedp.ByQuery),
		chromedp.Click("#logout", chromedp.ByQuery), chromedp.WaitVisible("#subscribe", chromedp.ByQuery))
	w.waitFor("history.state === null")
	w.goes(2)
	w.waitFor("history.state?.place === 2")
	var card, kept bool
	var now string
	w.do(
		chromedp.Evaluate(
			`document.querySelector("#subscribe") !== null && document.querySelector("#log") === null`,
			&card,
		),
		chromedp.Evaluate(`/cay|bob/.test(JSON.stringify(sessionStorage) + JSON.stringify(history.state))`,
			&kept),
		chromedp.Location(&now),
	)
	if !card || kept || now != url {
		t.Errorf(
			"after logging out: the card is shown: %t, a name is kept: %t, the address: %s, want that of the "+
				"beginning: %s",
			card,
			kept,
			now,
			url,
		)
	}
	w.noErrors()
}
