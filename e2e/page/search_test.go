package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/testapi"
)

// looksFor types into the search, in place of what was there.
func (w *window) looksFor(words string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(`document.querySelector("#search").value = ""`, nil),
		typeIn("#search", words))
}

// hits is how many messages are in the list.
const hits = `document.querySelectorAll("#search-results > li > button").length`

// pressSlash presses that key as a keyboard does, see pressEnter.
func pressSlash() chromedp.Action {
	return chromedp.Tasks{
		input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithCode("Slash").WithText("/"),
		input.DispatchKeyEvent(input.KeyUp).WithKey("/").WithCode("Slash"),
	}
}

// shootSearch takes screenshots of the search, also where it is a sheet.
func (w *window) shootSearch(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, size := range [][2]int64{{1280, 760}, {390, 844}, {1280, 760}} {
			w.do(chromedp.EmulateViewport(size[0], size[1]))
			w.waitFor(fmt.Sprintf(`innerWidth === %d`, size[0]))
			w.do(chromedp.Evaluate(`document.querySelector("dialog:has(#search)").open ||
				document.querySelector("#search-button:not([hidden]), #chats-button:not([hidden])").click()`, nil))
			w.waitFor(`document.querySelector("dialog:has(#search)").open && document.getAnimations().length === 0`)
			w.fits(fmt.Sprint(name, " at ", size[0]))
			w.shoot(fmt.Sprint(name, "-", size[0], "-", scheme))
		}
	}
}

// A guest finds what was said in the room: words are marked, operators narrow
// it down, the list goes on as one scrolls, and a hit opens the message however
// far back it is.
func TestSearchAsAGuest(t *testing.T) {
	t.Parallel()
	p := startWithPast(t)
	joinsPast(t, p, 3)
	w := openWindow(t, browse(t), "dora", "http://"+p.Addr+"/")
	w.enter()
	w.waitFor(`document.querySelector("#messages li:last-child .text")?.innerText === "today 3"`)

	// A slash leads to the search, but where one types.
	w.do(typeIn("#text", "1/2"))
	w.waitFor(`document.querySelector("#text").value === "1/2" && !document.querySelector("#finder").open`)
	w.do(chromedp.Focus("#log", chromedp.ByQuery), pressSlash())
	w.waitFor(`document.querySelector("#finder").open && document.activeElement.id === "search"`)
	w.waitFor(`document.querySelector("#search").value === ""`)
	w.shootSearch("search-empty")

	// Marks, whatever the case.
	w.looksFor("walrus")
	w.saysOf("#search-note", fmt.Sprintf("%d messages", pastDays*perDay/100))
	w.waitFor(`[...document.querySelectorAll("#search-results mark")].every(e => e.innerText === "Walrus")`)
	w.waitFor(`document.querySelectorAll("#search-results mark").length === ` + fmt.Sprint(pastDays*perDay/100))
	w.shootSearch("search-found")

	// More as one scrolls, up to the end.
	w.looksFor("message")
	w.saysOf("#search-note", "First 50 messages")
	w.do(chromedp.Evaluate(`document.querySelector("#search-scroll").scrollTop = 1e6`, nil))
	w.saysOf("#search-note", "First 100 messages")
	w.waitFor(hits + ` === 100`)
	w.looksFor(`message from:"bob lee" in:livechat`)
	w.saysOf("#search-note", "First 50 messages")
	w.waitFor(`[...document.querySelectorAll("#search-results .chat-name")]
		.every(e => e.innerText === "Bob Lee")`)
	w.looksFor("message from:nobody")
	w.saysOf("#search-note", "No results for “message” from nobody. Try other words, or fewer.")
	w.looksFor("message in:tea")
	w.saysOf("#search-note", "No results for “message” in tea. Try other words, or fewer.")
	w.shootSearch("search-none")
	w.looksFor("from:ann")
	w.saysOf("#search-note", "Add a word to look for.")

	// By keyboard to the oldest, which is far back; Escape leads back to it, to
	// the field, and out of it.
	w.looksFor("walrus")
	w.waitFor(hits + ` === ` + fmt.Sprint(pastDays*perDay/100))
	w.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowUp))
	w.waitFor(`document.activeElement === document.querySelector("#search-results button")`)
	w.do(chromedp.Evaluate(`document.querySelector("#search-results > li:last-child > button").focus()`, nil),
		pressEnter(0))
	w.waitFor(focusedText + ` === "message 100, about a Walrus"`)
	w.inOrder()
	w.shootSearch("search-opened")
	w.do(chromedp.Evaluate(`document.querySelector("#messages li:focus, #messages li.message").focus()`, nil))
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`document.activeElement === document.querySelector("#search-results > li:last-child > button")`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`document.activeElement.id === "search" && document.activeElement.value === "walrus"`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`document.querySelector("#search").value === "" && document.querySelector("#search-part").hidden`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`!document.querySelector("#finder").open && document.activeElement.id === "search-button"`)
	w.noErrors()

	// On a phone it is a sheet, which makes room for the message, and is back
	// with Escape.
	w.do(chromedp.EmulateViewport(390, 844), chromedp.Click("#search-button", chromedp.ByQuery))
	w.looksFor("walrus")
	w.do(chromedp.Click("#search-results > li:first-child > button", chromedp.ByQuery))
	w.waitFor(focusedText + fmt.Sprintf(` === "message %d, about a Walrus"`, pastDays*perDay))
	w.waitFor(`!document.querySelector("#finder").open`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`document.activeElement === document.querySelector("#search-results > li:first-child > button")`)
	w.noErrors()
}

// Somebody who is logged in searches all rooms and their chats. What cannot be
// searched is tried again, and a hit in another room leads there.
func TestSearchWithAnAccount(t *testing.T) {
	t.Parallel()
	p := startWithPast(t)
	w := openWindow(t, browse(t), "dora", "http://"+p.Addr+"/?room=tea")
	w.do(chromedp.Click("#account-open-register", chromedp.ByQuery),
		chromedp.WaitVisible("#account-submit", chromedp.ByQuery),
		typeIn("#account-name", "dora"),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	w.state("connected")
	w.say("a walrus at tea")
	w.do(network.SetBlockedURLs([]string{"*/search/*"}))
	w.looksFor("walrus")
	w.saysOf("#search-note", "Can't reach the server. Try again in a moment.")
	w.do(chromedp.WaitVisible("#search-again", chromedp.ByQuery))
	w.shootSearch("search-failed")
	w.do(network.SetBlockedURLs([]string{}), chromedp.Click("#search-again", chromedp.ByQuery))
	w.saysOf("#search-note", fmt.Sprintf("%d messages", 1+pastDays*perDay/100))
	w.waitFor(`document.querySelector("#search-results .chat-name").innerText === "You in tea"`)
	w.shootSearch("search-account")
	w.looksFor("walrus from:ann")
	w.saysOf("#search-note", fmt.Sprintf("%d messages", pastDays*perDay/100))
	w.looksFor("walrus in:tea")
	w.saysOf("#search-note", "1 message")
	w.looksFor("walrus in:livechat")
	w.saysOf("#search-note", fmt.Sprintf("%d messages", pastDays*perDay/100))

	// More that does not come is tried again, too.
	w.looksFor("message")
	w.saysOf("#search-note", "First 50 messages")
	w.do(network.SetBlockedURLs([]string{"*/search/*"}),
		chromedp.Evaluate(`document.querySelector("#search-scroll").scrollTop = 1e6`, nil))
	w.saysOf("#search-end", "Couldn't load more.")
	w.do(network.SetBlockedURLs([]string{}), chromedp.Click("#search-again", chromedp.ByQuery))
	w.saysOf("#search-note", "First 100 messages")
	w.noErrors("ERR_BLOCKED_BY_CLIENT")

	w.looksFor("walrus in:livechat")
	w.waitFor(hits + ` === ` + fmt.Sprint(pastDays*perDay/100))
	w.do(chromedp.Click("#search-results > li:last-child > button", chromedp.ByQuery))
	w.waitFor(`location.search === "" && ` + focusedText + ` === "message 100, about a Walrus"`)
	w.inOrder()
	w.noErrors()
}
