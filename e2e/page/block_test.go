package page

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// onCard opens a person's card by a press on the name, and presses a button there.
func (w *window) onCard(name, button string) {
	w.t.Helper()
	w.do(chromedp.Click(name, chromedp.ByQuery),
		chromedp.WaitVisible(button, chromedp.ByQuery), chromedp.Click(button, chromedp.ByQuery),
		chromedp.WaitNotVisible("#person", chromedp.ByQuery))
}

// Somebody blocks another account on its card: neither can write to the other
// until it is unblocked, in the account or on the card. Guests cannot block.
func TestBlockAccount(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob", "eve")
	ann, bob, eve := all[0], all[1], all[2]
	bob.onCard(inRoster("ann")+" > button", "#person-write")
	bob.do(chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	bob.say("hello ann")
	ann.do(chromedp.Click(`#chats-list li[data-name="bob"] > button`, chromedp.ByQuery))
	ann.becomes(`document.querySelector("#messages .text")?.innerText === "hello ann"`)

	ann.onCard("#messages .name", "#person-block")
	ann.becomes(`document.querySelector("#composer").hidden &&
		document.querySelector("#composer-note").innerText.startsWith("You have blocked bob.")`)
	ann.shootBoth("blocked")
	bob.say("are you there?")
	bob.becomes(`document.querySelector("#messages").innerText
		.includes("Not sent: you can't write to this account.")`)
	ann.is("ann has got one message", `document.querySelectorAll("#messages .text").length === 1`)

	// It is known after a reload, and the account has the way back.
	ann.do(chromedp.Reload())
	ann.state("connected")
	ann.do(chromedp.Click("#account", chromedp.ByQuery),
		chromedp.WaitVisible("#blocked-list button", chromedp.ByQuery))
	ann.shootBoth("blocked-list")
	ann.do(chromedp.Click("#blocked-list button", chromedp.ByQuery),
		chromedp.WaitNotVisible("#blocked", chromedp.ByQuery),
		chromedp.Click("#account-close", chromedp.ByQuery))
	bob.say("and now?")
	ann.do(chromedp.Click(`#chats-list li[data-name="bob"] > button`, chromedp.ByQuery))
	ann.becomes(`[...document.querySelectorAll("#messages .text")].at(-1)?.innerText === "and now?"`)
	ann.is("she can write", `!document.querySelector("#composer").hidden`)

	eve.do(chromedp.Click(inRoster("bob")+" > button", chromedp.ByQuery),
		chromedp.WaitVisible("#person-hide", chromedp.ByQuery))
	eve.is("guests cannot block", `document.querySelector("#person-block").hidden`)
	ann.onCard("#messages .name", "#person-block")
	ann.do(chromedp.Click("#messages .name", chromedp.ByQuery),
		chromedp.WaitVisible("#person-block", chromedp.ByQuery))
	ann.is("it can be undone on the card", `document.querySelector("#person-block").innerText === "Unblock"`)
	for _, w := range all {
		w.noErrors("403")
	}
}
