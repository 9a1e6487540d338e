package page

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// registers creates an account on the card and waits for the room.
func (w *window) registers() {
	w.t.Helper()
	w.do(chromedp.Click("#account-open-register", chromedp.ByQuery),
		chromedp.WaitVisible("#account-submit", chromedp.ByQuery),
		typeIn("#account-name", w.name),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	w.state("connected")
}

// people opens a window in one room for each name, on a server of their own.
// The first ones have accounts.
func people(t *testing.T, accounts int, names ...string) (all []*window) {
	t.Helper()
	return peopleIn(t, browse(t), accounts, names...)
}

// peopleIn is people in a browser of the test's choice.
func peopleIn(t *testing.T, browser context.Context, accounts int, names ...string) (all []*window) {
	t.Helper()
	p := harness.StartAlone(t)
	for i, name := range names {
		w := openWindow(t, browser, name, "http://"+p.Addr+"/")
		if i < accounts {
			w.registers()
		} else {
			w.enter()
		}
		all = append(all, w)
	}
	return all
}

// beginsChat opens a private chat by name.
func (w *window) beginsChat(name string) {
	w.t.Helper()
	w.do(chromedp.Click("#new-chat", chromedp.ByQuery), chromedp.WaitVisible("#chat-name", chromedp.ByQuery),
		typeIn("#chat-name", name), chromedp.Click("#chat-open", chromedp.ByQuery))
}

// inRoster is the row of somebody in the list of people.
func inRoster(name string) string { return `#names > li[data-name="` + name + `"]` }

// Names of accounts have a mark, beside messages and in the list of people;
// names of guests have none.
func TestAccountsAreMarked(t *testing.T) {
	t.Parallel()
	all := people(t, 1, "ann", "bob", "eve")
	ann, bob, eve := all[0], all[1], all[2]
	ann.say("I have an account")
	bob.shows("I have an account")
	bob.say("I am a guest")
	eve.do(chromedp.WaitVisible(inRoster("ann")+" .verified", chromedp.ByQuery),
		chromedp.WaitVisible(inRoster("bob"), chromedp.ByQuery),
		chromedp.Poll(`document.querySelectorAll("#messages li").length === 2`, nil))
	eve.is("only ann is marked", `document.querySelectorAll(".verified").length === 2 &&
		document.querySelector("#messages li:first-child .byline .verified title")
			.textContent === "Registered name"`)
	eve.shootBoth("marks")

	// A guest who registers is marked at once.
	bob.do(chromedp.Click("#login", chromedp.ByQuery), chromedp.WaitVisible("#account-other", chromedp.ByQuery),
		chromedp.Click("#account-other", chromedp.ByQuery),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	eve.do(chromedp.WaitVisible(inRoster("bob")+" .verified", chromedp.ByQuery))
	for _, w := range all {
		w.noErrors("401") // nobody is logged in yet
	}
}

// A name with several connections has their number beside it: two guests of one
// name, or one person in two windows.
func TestPeopleOfOneName(t *testing.T) {
	t.Parallel()
	all := people(t, 1, "ann", "tomas", "tomas", "a-name-of-32-characters-iiiiiii")
	ann, tomas, second := all[0], all[1], all[2]
	here := func(w *window, want string) {
		t.Helper()
		w.becomes(`[...document.querySelectorAll("#names li")]
			.map(li => [...li.querySelectorAll("bdi, .times, .you")].map(e => e.innerText).join(" "))
			.join("; ") === "` + want + `"`)
	}
	here(ann, "ann you; a-name-of-32-characters-iiiiiii; tomas ×2")
	here(tomas, "tomas ×2 you; a-name-of-32-characters-iiiiiii; ann")
	var address string
	ann.do(chromedp.Location(&address))
	again := openIn(t, ann.browser, ann.storage, "ann again", address)
	again.state("connected")
	here(tomas, "tomas ×2 you; a-name-of-32-characters-iiiiiii; ann ×2")
	here(ann, "ann ×2 you; a-name-of-32-characters-iiiiiii; tomas ×2")
	ann.looks("people-of-one-name")
	second.do(chromedp.Navigate("about:blank"))
	here(ann, "ann ×2 you; a-name-of-32-characters-iiiiiii; tomas")
}

// A name opens the card of its person: from a message by mouse or by keyboard,
// and from the list of people. It leads to a mention or to a private chat.
func TestPersonCard(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob", "eve")
	ann, bob, eve := all[0], all[1], all[2]
	bob.say("hello")
	eve.say("hi")
	eve.say("it is me")
	facts := func(w *window, want string) {
		t.Helper()
		w.do(chromedp.WaitVisible("#person", chromedp.ByQuery))
		w.becomes(`[...document.querySelectorAll("#person-facts li")].map(e => e.innerText).join("; ")
			.replace(/ since .*?;/, " since;") === "` + want + `"`)
	}
	ann.do(chromedp.Poll(`document.querySelectorAll("#messages li").length === 3`, nil))

	// By keyboard: a message, its name, and back to where one was.
	ann.do(chromedp.Focus("#messages li:nth-child(1)", chromedp.ByQuery), chromedp.KeyEvent(kb.Tab))
	ann.is("the name is the first stop", `document.activeElement.matches(".name")`)
	ann.do(pressEnter(0))
	facts(ann, "Registered name; Here since; Last message via server vm")
	ann.is("the card says who it is", `document.querySelector("#person-name").innerText.trim() === "bob" &&
		document.querySelector("#person").contains(document.activeElement)`)
	ann.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#person", chromedp.ByQuery))
	ann.is("the focus is back on the name", `document.activeElement.matches(".name")`)
	ann.do(chromedp.Focus("#messages li:nth-child(3)", chromedp.ByQuery), chromedp.KeyEvent(kb.Tab))
	ann.is("a message below one of the same person has no name to stop at",
		`!document.activeElement.matches(".name")`)

	// By mouse, on a circle: a guest is mentioned, and has no private chats.
	ann.do(chromedp.Click("#messages li:nth-child(2) .avatar", chromedp.ByQuery))
	facts(ann, "Guest; Here since; Last message via server vm")
	ann.is("no private chat is offered", `document.querySelector("#person-write").hidden`)
	ann.shootBoth("card")
	ann.do(chromedp.Click("#person-mention", chromedp.ByQuery),
		chromedp.WaitNotVisible("#person", chromedp.ByQuery))
	ann.becomes(field + `.value === "@eve "`)
	ann.is("one can go on writing", `document.activeElement.id === "text"`)

	// From the list on a phone: the card lies over it, and Back closes it.
	ann.do(chromedp.EmulateViewport(390, 844), chromedp.Poll(`!document.querySelector("#roster").open`, nil),
		chromedp.Click("#people", chromedp.ByQuery), chromedp.WaitVisible(inRoster("bob"), chromedp.ByQuery),
		chromedp.Poll(`document.getAnimations().length === 0`, nil),
		chromedp.Click(inRoster("bob")+" > button", chromedp.ByQuery))
	facts(ann, "Registered name; Here since; Last message via server vm")
	ann.do(chromedp.Evaluate(`history.back()`, nil), chromedp.WaitNotVisible("#person", chromedp.ByQuery))
	ann.is("the list is still there", `document.querySelector("#roster").open`)

	// A private chat, in place of the list.
	ann.do(chromedp.Click(inRoster("bob")+" > button", chromedp.ByQuery),
		chromedp.WaitVisible("#person-write", chromedp.ByQuery), chromedp.Click("#person-write", chromedp.ByQuery),
		chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	ann.becomes(`document.querySelector("#room-name").innerText === "bob" &&
		!document.querySelector("dialog:modal")`)
	ann.say("just for you")
	ann.do(chromedp.EmulateViewport(1280, 760))

	// Somebody who has left, in the room and in a private chat.
	bob.do(chromedp.Click("#chats-list li[data-name=ann] > button", chromedp.ByQuery),
		chromedp.WaitVisible("#messages .name", chromedp.ByQuery),
		chromedp.Click("#messages .name", chromedp.ByQuery))
	facts(bob, "Registered name; Here now")
	ann.do(chromedp.Navigate("about:blank"))
	facts(bob, "Registered name; Not here now") // of the card that is open
	for _, w := range all {
		w.noErrors("401") // nobody is logged in yet
	}
}

// A row of the list of people that has the focus keeps it, whoever comes or
// goes before and after it.
func TestRosterKeepsFocus(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	browser := browse(t)
	enter := func(name string) *window {
		w := openWindow(t, browser, name, "http://"+p.Addr+"/")
		w.enter()
		return w
	}
	ann := enter("ann")
	enter("mia")
	ann.do(chromedp.WaitVisible(inRoster("mia"), chromedp.ByQuery),
		chromedp.Focus(inRoster("mia")+" > button", chromedp.ByQuery))
	kept := func(when string) {
		t.Helper()
		ann.is("the focus stays on mia when "+when,
			`document.activeElement.matches('#names > li[data-name="mia"] > button')`)
	}
	for _, name := range []string{"bob", "zoe"} {
		w := enter(name)
		ann.do(chromedp.WaitVisible(inRoster(name), chromedp.ByQuery))
		kept(name + " comes")
		w.do(chromedp.Navigate("about:blank"))
		ann.do(chromedp.WaitNotPresent(inRoster(name), chromedp.ByQuery))
		kept(name + " goes")
	}
	ann.noErrors("401")
}

// The list of private chats: what is unread weighs more, and a dot says that
// the other one is in the room.
func TestChatsList(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob")
	ann, bob := all[0], all[1]
	bob.do(chromedp.Click(inRoster("ann")+" > button", chromedp.ByQuery),
		chromedp.WaitVisible("#person-write", chromedp.ByQuery), chromedp.Click("#person-write", chromedp.ByQuery),
		chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	bob.say("lunch?")
	row := chatOf("bob")
	weight := func(want, line string) {
		t.Helper()
		ann.becomes(`(row => row && getComputedStyle(row.querySelector(".chat-name")).fontWeight === "` + want +
			`" && row.querySelector(".chat-line").innerText === "` + line +
			`" && row.querySelector("time").innerText !== "")(
			document.querySelector('` + row + `'))`)
	}
	weight("600", "lunch?")
	ann.do(chromedp.WaitVisible(row+"[data-online]", chromedp.ByQuery))
	ann.is("it is said as well",
		`document.querySelector('`+row+` .online-label').innerText.trim() === "Here now"`)
	ann.shootBoth("chats-list")
	ann.do(chromedp.EmulateViewport(390, 844), chromedp.Poll(`!document.querySelector("#chats").open`, nil),
		chromedp.Click("#chats-button", chromedp.ByQuery), chromedp.WaitVisible(row, chromedp.ByQuery),
		chromedp.Poll(`document.getAnimations().length === 0`, nil))
	ann.shoot("chats-list-390")
	ann.do(chromedp.Click(row+" > button", chromedp.ByQuery))
	ann.do(chromedp.EmulateViewport(1280, 760))
	ann.say("at noon")
	weight("500", "You: at noon")
	bob.do(chromedp.Navigate("about:blank"))
	ann.do(chromedp.WaitVisible(row+":not([data-online])", chromedp.ByQuery))
	for _, w := range all {
		w.noErrors("401")
	}
}
