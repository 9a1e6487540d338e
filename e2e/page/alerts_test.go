package page

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// recordAlerts stands in for what the browser would show and play.
const recordAlerts = `window.alerts = []
	window.tones = 0
	window.answer = "granted"
	window.Notification = class {
		static permission = "default"
		static async requestPermission() { return this.permission = window.answer }
		constructor(title, { body }) { window.alerts.push(title + ": " + body) ; window.lastAlert = this }
		close() {}
	}
	window.OscillatorNode = class extends OscillatorNode { start(...at) { window.tones++; super.start(...at) } }`

// Whoever looks elsewhere is called by mentions and private messages, if they
// want to be, and not by a room that they have muted.
func TestAlerts(t *testing.T) {
	t.Parallel()
	ws := peopleIn(t, browseInTabs(t), 2, "ann", "bob")
	ann, bob := ws[0], ws[1]
	ann.before(recordAlerts)
	ann.do(chromedp.Reload(), chromedp.EmulateViewport(1280, 760))
	ann.state("connected")
	ann.do(chromedp.WaitVisible(`#names > li[data-name="bob"]`, chromedp.ByQuery))
	checked := func(id string) string { return `document.querySelector("` + id + `").ariaChecked` }
	icon := `document.querySelector('link[rel="icon"]').href`

	// Everything is off. Somebody who looks elsewhere sees the number and a dot.
	ann.is("all is off",
		checked("#menu-notify")+` + `+checked("#menu-sound")+` + `+checked("#menu-mute")+` === "falsefalsefalse"`)
	tab := ann.cover()
	bob.say("hello @ann")
	ann.waitFor(`document.title === "(@1) livechat"`)
	ann.is("a dot on the icon", icon+`.endsWith("/icons/icon-unread.svg")`)
	ann.uncover(tab)
	ann.waitFor(`document.title === "livechat"`)
	ann.is("no dot, and nothing has called", icon+`.endsWith("/icons/icon.svg") && alerts.length + tones === 0`)

	// The browser is asked with the click, and may refuse.
	click := func(ids ...string) {
		t.Helper()
		ann.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.WaitVisible("#menu", chromedp.ByQuery))
		for _, id := range ids {
			ann.do(chromedp.Click(id, chromedp.ByQuery))
		}
	}
	closeMenu := chromedp.Click("#log", chromedp.ByQuery)
	ann.do(chromedp.Evaluate(`window.answer = "denied"`, nil))
	click("#menu-notify")
	ann.saysOf("#menu-note", "Your browser blocks notifications for this site. Allow them in its settings.")
	ann.saysOf("#menu-said", "Your browser blocks notifications for this site. Allow them in its settings.")
	ann.is("they stay off", checked("#menu-notify")+` === "false"`)
	blocked := accessState{name: "menu, notifications blocked", roles: "menu menuitemcheckbox status"}
	ann.checkTree(blocked)
	ann.checkContrast(blocked)
	ann.looks("alerts-blocked")
	ann.do(closeMenu, chromedp.Evaluate(`window.answer = "granted"`, nil))
	click("#menu-notify", "#menu-sound")
	ann.waitFor(checked("#menu-notify") + ` === "true" && ` + checked("#menu-sound") +
		` === "true" && tones === 2`)
	ann.do(chromedp.WaitNotVisible("#menu-note", chromedp.ByQuery))
	ann.looks("alerts-on")
	ann.do(closeMenu)

	// A mention calls; other messages do not, nor does one while she looks.
	bob.say("@ann, you see this")
	ann.do(chromedp.Poll(`document.querySelectorAll("#messages li.message").length === 2`, nil))
	tab = ann.cover()
	bob.say("nothing for @anna")
	bob.say("where are you, @Ann?")
	bob.do(chromedp.Click(`#names > li[data-name="ann"] > button`, chromedp.ByQuery),
		chromedp.Click("#person-write", chromedp.ByQuery))
	bob.isAt("ann", "")
	bob.say("psst")
	ann.waitFor(`alerts.length === 2`)
	ann.is("it says who and where", `alerts.join("|") ===
		"bob mentioned you in livechat: where are you, @Ann?|bob, privately: psst"`)
	ann.do(chromedp.Evaluate(`lastAlert.onclick()`, nil))
	ann.uncover(tab)
	ann.isAt("bob", "")

	// Muted.
	click("#menu-mute")
	ann.do(closeMenu)
	tab = ann.cover()
	bob.do(chromedp.Click("#chats-list > li[data-room] > button", chromedp.ByQuery))
	bob.isAt("livechat", "")
	bob.say("@ann again")
	ann.waitFor(`document.querySelector('#chats-list > li[data-room]').dataset.unread !== "0"`)
	ann.is("nothing calls", `alerts.length === 2`)
	ann.uncover(tab)

	// Where a service worker shows them, it says what is to be opened.
	ann.do(chromedp.Evaluate(`navigator.serviceWorker.dispatchEvent(
		new MessageEvent("message", { data: { open: "room" } })) && 0`, nil))
	ann.isAt("livechat", "")
	ann.noErrors()
	bob.noErrors()
}
