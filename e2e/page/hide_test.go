package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hides opens the card of somebody in the list of people and hides them.
func (w *window) hides(name string) {
	w.t.Helper()
	w.do(chromedp.Click(inRoster(name)+" > button", chromedp.ByQuery),
		chromedp.WaitVisible("#person-hide", chromedp.ByQuery),
		chromedp.Click("#person-hide", chromedp.ByQuery), chromedp.WaitNotVisible("#person", chromedp.ByQuery))
}

// A message of a hidden person is a quiet line, also after a reload, in private
// chats and in the search; nobody is notified of it, and it can be seen all the
// same.
func TestHidePerson(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob", "eve")
	ann, bob, eve := all[0], all[1], all[2]
	seen := func(want string) {
		t.Helper()
		ann.becomes(fmt.Sprintf(`[...document.querySelectorAll("#messages .text, #messages .hidden-note")]
			.filter(e => e.getClientRects().length > 0).map(e => e.innerText).join("; ") === %q`, want))
	}
	bob.say("noise 1")
	bob.say("noise 2")
	eve.say("a word")
	bob.say("noise 3")
	seen("noise 1; noise 2; a word; noise 3")

	ann.hides("bob")
	seen("2 messages hidden · Show; a word; 1 message hidden · Show")
	ann.shootBoth("hidden")

	// Nobody is told while they look elsewhere.
	ann.do(chromedp.Evaluate(`Object.defineProperty(document, "hidden", {value: true, configurable: true});
		document.dispatchEvent(new Event("visibilitychange"))`, nil))
	bob.say("noise 4")
	eve.say("another word")
	ann.becomes(`document.title === "(1) livechat"`)
	ann.do(chromedp.Evaluate(`delete document.hidden
		document.dispatchEvent(new Event("visibilitychange"))`, nil))
	seen("2 messages hidden · Show; a word; 2 messages hidden · Show; another word")

	// It is remembered, and can be seen by mouse and by keyboard.
	ann.do(chromedp.Reload())
	ann.state("connected")
	seen("2 messages hidden · Show; a word; 2 messages hidden · Show; another word")
	ann.do(chromedp.Click("#messages li:nth-child(1) .show-hidden", chromedp.ByQuery))
	seen("noise 1; noise 2; a word; 2 messages hidden · Show; another word")
	ann.do(chromedp.Focus("#messages li:nth-child(3)", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowDown),
		chromedp.KeyEvent(kb.ArrowDown))
	ann.is("one stop for all of them", `document.activeElement.matches("#messages li:nth-child(6)")`)
	ann.do(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Tab))
	ann.is("the focus is on Show", `document.activeElement.matches(".show-hidden")`)
	ann.do(pressEnter(0))
	seen("noise 1; noise 2; a word; noise 3; noise 4; another word")
	ann.is("the focus is on the first of them", `document.activeElement.matches("#messages li:nth-child(4)")`)

	// A private chat from them is not unread.
	bob.do(chromedp.Click(inRoster("ann")+" > button", chromedp.ByQuery),
		chromedp.WaitVisible("#person-write", chromedp.ByQuery), chromedp.Click("#person-write", chromedp.ByQuery),
		chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	bob.say("noise in private")
	ann.do(chromedp.WaitVisible(`#chats-list li[data-name="bob"][data-unread="0"]`, chromedp.ByQuery))
	ann.becomes(`document.querySelector('#chats-list li[data-name="bob"] .chat-line')
		.innerText === "You have hidden this person"`)
	ann.is("the title counts nothing", `document.title === "livechat" &&
		document.querySelector("#chats-button").dataset.unread === "0"`)
	ann.do(chromedp.Focus("#search", chromedp.ByQuery), input.InsertText("private"),
		chromedp.WaitVisible("#search-results .hidden-note", chromedp.ByQuery))
	ann.shootBoth("hidden-search")
	ann.do(chromedp.Click("#search-results .show-hidden, #search-results .as-link", chromedp.ByQuery),
		chromedp.WaitVisible("#search-results .found", chromedp.ByQuery),
		chromedp.Click("#search-clear", chromedp.ByQuery),
		chromedp.Click(`#chats-list li[data-name="bob"] > button`, chromedp.ByQuery))
	seen("1 message hidden · Show")

	// The list in the menu leads back.
	ann.do(chromedp.Click("#menu-button", chromedp.ByQuery),
		chromedp.WaitVisible("#hidden-people", chromedp.ByQuery),
		chromedp.Click("#hidden-people", chromedp.ByQuery), chromedp.WaitVisible("#hidden-list", chromedp.ByQuery))
	ann.do(chromedp.Poll(`document.getAnimations().length === 0`, nil))
	ann.shoot("hidden-list")
	ann.do(emulation.SetEmulatedMedia(), chromedp.Click("#hidden-list button", chromedp.ByQuery),
		chromedp.WaitNotVisible("#hidden-dialog", chromedp.ByQuery))
	seen("noise in private")
	ann.is("nothing is left in the menu", `document.querySelector("#hidden-people").hidden`)
	for _, w := range all {
		w.noErrors("401") // nobody is logged in yet
	}
}
