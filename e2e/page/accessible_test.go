package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// accessState is a state of the page, and what assistive technology has to
// find there.
type accessState struct {
	name    string
	width   int64  // of the window; 0: 1280 px
	arrange func() // what it takes to get there, and
	click   string // what to click then
	until   string // what is visible then
	modal   string // id of the modal dialog, which holds the focus and ends with Escape
	roles   string // what the tree contains, if there is no modal dialog
	stops   string // where Tab goes, by region, from the first one; "" if it is not tried
	inLog   int    // stops in the log: the log itself, and in an empty one a button
}

const (
	inChat = "banner main log status navigation search textbox heading"
	inRoom = inChat + " complementary"
	// The regions in the order in which Tab visits them.
	guestStops = "skip bar log foot roster"
	chatStops  = "skip bar chats log foot"
	userStops  = chatStops + " roster"
)

// readStop returns the region of the element with the focus, and a number for
// the element itself.
const readStop = `(e => {
	const stops = window.stops ??= new Map()
	if (!stops.has(e)) stops.set(e, stops.size)
	const region = ["skip", "bar", "chats", "log", "foot", "roster", "card"]
		.find(one => e.closest("#" + one + ", ." + one))
	const at = e === document.body ? "" : e.closest("dialog:modal")?.id ?? region ?? e.outerHTML
	return { at, is: stops.get(e) }
})(document.activeElement)`

// checkStops presses Tab until the focus is back where it was.
func (w *window) checkStops(s accessState) {
	w.t.Helper()
	var way []string
	seen := map[int]bool{}
	for {
		var stop struct {
			At string
			Is int
		}
		w.do(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(readStop, &stop))
		if seen[stop.Is] {
			break
		}
		seen[stop.Is] = true
		way = append(way, stop.At)
	}
	if start := slices.Index(way, strings.Fields(s.stops)[0]); start > 0 && s.modal == "" {
		way = append(slices.Clone(way[start:]), way[:start]...)
	}
	inLog := len(slices.DeleteFunc(slices.Clone(way), func(at string) bool { return at != "log" }))
	way = slices.Compact(slices.DeleteFunc(way, func(at string) bool { return at == "" }))
	if got := strings.Join(way, " "); got != s.stops || inLog != s.inLog {
		w.t.Errorf("%s: Tab goes to %q and %d times to the log, want %q and %d times",
			s.name, got, inLog, s.stops, s.inLog)
	}
}

// Every state of the page, as assistive technology gets it: names, roles,
// landmarks, the order of Tab, and contrast in light and dark.
func TestAccessibleStates(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, browser := harness.StartAlone(t), browse(t)
	open := func(name string) *window { return openWindow(t, browser, name, "http://"+server.Addr+"/") }
	w, bob, eve := open("ann"), open("bob"), open("eve")
	states := []accessState{
		{name: "card", until: "#join-about", roles: "main heading textbox button link", stops: "card"},
		{name: "card, log in", click: "#account-open-login", until: "#account-password",
			roles: "main heading textbox button", stops: "card"},
		{name: "card, error", until: "#account-error:not(:empty)", roles: "main alert", arrange: func() {
			w.do(typeIn("#account-name", w.name),
				typeIn("#account-password", testapi.Password), pressEnter(0))
		}},
		{name: "room, empty", until: "#empty", roles: inRoom, stops: userStops, inLog: 2, arrange: func() {
			w.do(chromedp.Click("#account-other", chromedp.ByQuery),
				chromedp.Click("#account-submit", chromedp.ByQuery))
			w.state("connected")
		}},
		{name: "room, talk", until: "#messages .failed .edit",
			roles: inRoom, stops: userStops, inLog: 1, arrange: func() {
				w.do(chromedp.Evaluate(`(send => { WebSocket.prototype.send = function (data) {
				send.call(this, data.replace("refuse me", "\u200b")) } })(WebSocket.prototype.send)`, nil))
				bob.registers()
				eve.enter()
				bob.say("hello https://example.org/")
				eve.checkStops(accessState{name: "room, guest", stops: guestStops, inLog: 1})
				eve.say("hi")
				w.say("my own https://example.org/")
				w.becomes(`document.querySelectorAll('#messages [data-state="sent"]').length === 3`)
				w.say("refuse me")
			}},
		{name: "message actions", until: "#messages .actions .copy-text",
			roles: inRoom + " group", arrange: func() {
				w.do(chromedp.Focus("#messages li.message", chromedp.ByQuery))
			}},
		{name: "reactions", until: "#messages .reaction", roles: inRoom + " group",
			stops: userStops, inLog: 1, arrange: func() {
				w.givesEmoji(1, "Heart")
				w.do(chromedp.MouseEvent(input.MouseMoved, 5, 5), chromedp.Focus("#text", chromedp.ByQuery))
				w.reacted("❤️1*,,,")
			}},
		{name: "react", click: "#messages .add-reaction", until: "#react .give", modal: "react"},
		{name: "⋯ menu", click: "#menu-button", until: "#menu", roles: inRoom + " menu menuitem"},
		{name: "message sheet", width: 390, until: "#message-sheet", modal: "message-sheet", arrange: func() {
			w.do(chromedp.Evaluate(`document.querySelector("#messages .bubble").dispatchEvent(
				new PointerEvent("pointerdown", {pointerType: "touch", bubbles: true, clientX: 1, clientY: 1}))`, nil))
		}},
		{name: "person card", click: "#messages .name", until: "#person", modal: "person"},
		{name: "invite", click: "#menu-invite", until: "#invite-dialog", modal: "invite-dialog"},
		{name: "go to date", click: "#go-date", until: "#date-dialog", modal: "date-dialog"},
		{name: "account", click: "#account", until: "#account-dialog", modal: "account-dialog"},
		{name: "people, narrow", width: 390, click: "#people", until: "#names", modal: "roster"},
		{name: "chats, narrow", width: 390, click: "#chats-button", until: "#chats-list", modal: "chats"},
		{name: "private chat", until: `#messages li[data-state="delivered"]`,
			roles: inChat, stops: chatStops, inLog: 1,
			arrange: func() {
				w.beginsChat("bob")
				w.do(chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
				w.say("just for you")
			}},
		{name: "search results", until: "#search-results .found",
			roles: inChat + " region", stops: chatStops, inLog: 1,
			arrange: func() { w.do(typeIn("#search", "just")) }},
		{name: "banner", until: "#banner", roles: inChat, stops: chatStops, inLog: 1, arrange: func() {
			w.do(chromedp.Click("#search-clear", chromedp.ByQuery))
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, s := range states {
		w.checkState(s)
	}
}

// checkState arranges a state, checks it, and closes what it has opened.
func (w *window) checkState(s accessState) {
	w.t.Helper()
	// The panels beside the room open and close with the next frame.
	w.do(chromedp.EmulateViewport(cmp.Or(s.width, 1280), 800), chromedp.Evaluate(paints, nil, awaited))
	if s.arrange != nil {
		s.arrange()
	}
	if s.click != "" {
		w.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, s.click), nil))
	}
	w.do(chromedp.WaitVisible(s.until, chromedp.ByQuery))
	w.checkTree(s)
	w.checkContrast(s)
	w.shoot("accessible-" + s.name)
	if s.stops = cmp.Or(s.stops, s.modal); s.stops != "" {
		w.checkStops(s)
	}
	if s.modal != "" || s.click == "#menu-button" {
		w.do(chromedp.KeyEvent(kb.Escape))
	}
}
