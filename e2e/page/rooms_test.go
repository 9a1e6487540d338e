package page

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// sees waits until the text of an element contains words.
func (w *window) sees(selector, words string) {
	w.t.Helper()
	w.waitFor(fmt.Sprintf(`(document.querySelector(%q)?.innerText ?? "").includes(%q)`, selector, words))
}

// sized gives the window the size of a desktop.
func (w *window) sized() {
	w.t.Helper()
	w.do(chromedp.EmulateViewport(1280, 760))
}

// finds opens the list of rooms and chats by its key.
func (w *window) finds() {
	w.t.Helper()
	w.do(chromedp.KeyEvent("k", chromedp.KeyModifiers(2)), // Ctrl
		chromedp.WaitVisible("#finder-list li", chromedp.ByQuery))
}

// makesRoom makes a room with that title, of that access, and is in it.
func (w *window) makesRoom(title, access string) {
	w.t.Helper()
	w.finds()
	w.clicks(".finder-foot button")
	w.do(chromedp.WaitVisible("#maker-name", chromedp.ByQuery), typeIn("#maker-name", title))
	w.clicks(fmt.Sprintf(`#room-maker .segment:has([value=%q])`, access))
	w.shootEach("room-maker")
	w.sized()
	w.clicks("#room-maker [type=submit]")
	w.sees("#room-name", title)
	w.state("connected")
}

// desk opens a page of the room's settings.
func (w *window) desk(page string) {
	w.t.Helper()
	w.sized()
	w.clicks("#menu-button")
	w.clicks("#menu-room")
	w.clicks("#desk-" + page)
	w.waitFor(`!document.querySelector("#desk-page").hasAttribute("aria-busy")`)
}

// chooses opens what can be done about the nth message, and chooses. The mouse
// of the test jumps, so the message is told that it comes.
func (w *window) chooses(n int, what string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(fmt.Sprintf(`{
		const li = document.querySelector(%q)
		li.dispatchEvent(new PointerEvent("pointermove", { pointerType: "mouse", bubbles: true }))
		li.querySelector(".actions .act").click()
	}`, nth(n, "")), nil))
	w.clicks(fmt.Sprintf(`#act [data-does=%q]`, what))
}

// acts does something about the nth message: a choice, and its form.
func (w *window) acts(n int, what string) {
	w.t.Helper()
	w.sized()
	w.chooses(n, what)
	w.do(chromedp.WaitVisible("#act form", chromedp.ByQuery))
	w.shootEach("act-" + what)
	w.sized()
	w.clicks("#act [type=submit]")
	w.waitFor(`!document.querySelector("#act").open && document.activeElement !== document.body`)
}

// comesBy opens an invite, and makes an account to come in.
func (w *window) comesBy(invite, room string) {
	w.t.Helper()
	w.do(chromedp.Navigate(invite), chromedp.WaitVisible("#account-form", chromedp.ByQuery))
	w.sees("#invited h1", room)
	w.shootEach("invited")
	w.sized()
	w.do(typeIn("#account-name", w.name), typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	w.state("connected")
	w.sees("#room-name", room)
}

// openOwner starts a cluster with ann in it, who has an account.
func openOwner(t *testing.T) (*localcluster.Cluster, context.Context, *window) {
	t.Helper()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 2, API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	browser := browse(t)
	ann := openWindow(t, browser, "ann", c.PageURL())
	ann.sized()
	ann.registers()
	return c, browser, ann
}

// Somebody makes a room and invites two. One misbehaves and is reported, muted
// and banned, and the messages go. All of it in the page, on a cluster.
func TestRoomStory(t *testing.T) {
	t.Parallel()
	c, browser, ann := openOwner(t)
	ann.makesRoom("Book club", "invite")
	ann.is("the address is that of the room", `location.search === "?room=book-club"`)
	ann.say("Welcome")

	ann.desk("invites")
	ann.clicks("#desk-page .form-foot .primary")
	var invite string
	ann.do(chromedp.WaitVisible("#invite-made", chromedp.ByQuery),
		chromedp.Value("#invite-made", &invite, chromedp.ByQuery))
	ann.shootEach("room-invite")
	ann.do(chromedp.KeyEvent(kb.Escape))

	// Someone who is no member finds a door, and comes in by the invite.
	bob := openWindow(t, browser, "bob", c.PageURL()+"?room=book-club")
	bob.sized()
	bob.do(chromedp.WaitVisible("#name", chromedp.ByQuery), typeIn("#name", "bob"),
		chromedp.Click("#subscribe", chromedp.ByQuery))
	bob.sees("#door", "This room is invite only")
	bob.shootEach("door-invite")
	bob.comesBy(invite, "Book club")
	bob.shows("Welcome")
	bob.sees("#messages .byline .role", "owner")
	rolf := openWindow(t, browser, "rolf", c.PageURL())
	rolf.comesBy(invite, "Book club")
	rolf.say("BUY WATCHES")
	bob.shows("Welcome", "BUY WATCHES")
	ann.shows("Welcome", "BUY WATCHES")
	ann.sees(inRoster("ann"), "owner")
	ann.shootEach("room-with-members")

	// Words that are blocked stay with their author, too.
	ann.desk("room")
	ann.do(typeIn("#desk-words", "clocks?"), chromedp.Click("#desk-page form.words .button",
		chromedp.ByQuery))
	ann.sees(".desk > .error", "Saved")
	ann.shootEach("room-words")
	ann.do(chromedp.KeyEvent(kb.Escape))
	rolf.do(typeIn("#text", "BUY CL0CKS"), pressEnter(0))
	rolf.sees("#composer-note", "words that are blocked in this room")
	rolf.is("the text is in the field again", field+`.value === "BUY CL0CKS"`)
	rolf.do(chromedp.Evaluate(field+`.select()`, nil), chromedp.KeyEvent(kb.Delete))

	bob.acts(2, "report")
	bob.sees("#log-note", "Reported")
	ann.desk("reports")
	ann.sees("#desk-page", "BUY WATCHES")
	ann.sees("#desk-page", "Reported by bob")
	ann.shootEach("room-reports")
	ann.do(chromedp.KeyEvent(kb.Escape))

	// A muted text stays with its author.
	ann.acts(2, "mute")
	ann.sees("#log-note", "rolf is muted")
	rolf.do(typeIn("#text", "BUY MORE"), pressEnter(0))
	rolf.sees("#composer-note", "You're muted in this room for another")
	rolf.is("the text is in the field again", field+`.value === "BUY MORE"`)
	rolf.becomes(`document.querySelectorAll("#messages .message").length === 2`) // nothing of it
	rolf.shootEach("room-muted")

	// A banned user sees the door, and their messages go.
	ann.acts(2, "ban")
	rolf.sees("#door", "You're banned from this room")
	rolf.shootEach("door-banned")
	ann.acts(2, "erase")
	bob.waitFor(`document.querySelectorAll("#messages [data-deleted]").length === 1`)

	// A message is pinned for everybody.
	bob.say("Tea at five")
	ann.waitFor(`document.querySelectorAll("#messages .message").length === 3`)
	ann.sized()
	ann.chooses(3, "pin")
	ann.sees("#pinned", "Tea at five")
	bob.sees("#pinned", "Tea at five")
	bob.is("only those who moderate unpin", `document.querySelector("#pinned .unpin").hidden`)
	ann.shootEach("room-pinned")

	// It can be taken back.
	ann.desk("rules")
	ann.sees(`#desk-page [data-kind="ban"]`, "rolf")
	ann.shootEach("room-blocked")
	ann.sized()
	ann.clicks(`#desk-page [data-kind="ban"] button`)
	ann.sees("#desk-page", "Nobody is banned.")
	// though the line has gone
	ann.becomes(`document.querySelector("#desk").contains(document.activeElement)`)
	ann.do(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent(kb.Escape))
	ann.becomes(`!document.querySelector("#desk").open`)
	rolf.sized()
	rolf.waitFor(`(() => { const again = [...document.querySelectorAll("#door button")]
		.find(b => b.textContent === "Try again"); again?.click()
		return !document.querySelector("#door") })()`)
	rolf.state("connected")
	ann.goesBetweenRooms()
	for _, w := range []*window{ann, bob, rolf} {
		w.noErrors()
	}
}

// goesBetweenRooms goes to another room and back by the list, without a reload,
// and with the history of the browser.
func (w *window) goesBetweenRooms() {
	w.t.Helper()
	w.sized()
	w.do(chromedp.Evaluate(`window.isSame = true`, nil))
	w.clicks(`#chats-list li[data-room="livechat"] button`)
	w.sees("#room-name", "livechat")
	w.state("connected")
	w.goes(-1)
	w.sees("#room-name", "Book club")
	w.state("connected")
	w.sees("#pinned", "Tea at five")
	w.is("the page was not loaded again", `window.isSame === true`)
}
