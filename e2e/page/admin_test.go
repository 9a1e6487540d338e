package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
)

// rowOf is the row of the open view with this key; button is one of its buttons.
func rowOf(key string) string {
	return fmt.Sprintf(`main > section:not([hidden]) tr[data-key="%s"]`, key)
}

func buttonOf(key, what string) string { return rowOf(key) + fmt.Sprintf(` [data-do="%s"]`, what) }

// goesToView opens a view of the admin page.
func (w *window) goesToView(name string) {
	w.t.Helper()
	w.clicks(`#views > a[href="#` + name + `"]`)
	w.waitFor(`!document.querySelector("#` + name + `").hidden && document.querySelector("#` + name +
		` .said").textContent !== "Loading…"`)
}

// confirms gives a reason in the dialog and does what it asks.
func (w *window) confirms(reason string) {
	w.t.Helper()
	w.waitFor(`document.querySelector("#ask").open && document.activeElement.id === "ask-reason"`)
	w.do(typeIn("#ask-reason", reason), chromedp.Click("#ask-yes", chromedp.ByQuery))
}

// says waits until the open view of the admin page says something.
func (w *window) isTold(pattern string) {
	w.t.Helper()
	w.waitFor(`/` + pattern + `/.test(document.querySelector("main > section:not([hidden]) .said").textContent)`)
}

// The elements that assistive technology has to find on the admin page: a table
// stays one on a phone, where each row is a card. Where asked is in the place
// of the roles, a dialog is open.
const (
	inGate  = "banner main heading"
	inTable = inGate + " navigation table row columnheader rowheader cell"
	asked   = ""
)

// shootAdmin takes screenshots of the admin page on a desktop and on a phone, by
// day and by night, and checks that nothing is wider than the window, that all
// has a name, and that all can be read.
func (w *window) shootAdmin(name, roles string) {
	w.t.Helper()
	s := accessState{name: name, roles: roles}
	if roles == asked {
		s.modal = "ask"
	}
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, size := range [][2]int64{{390, 844}, {1280, 760}} {
			w.do(chromedp.EmulateViewport(size[0], size[1]),
				chromedp.Poll(`document.getAnimations().length === 0`, nil))
			w.fitsAcross(name)
			w.shoot(fmt.Sprint(name, "-", size[0], "-", scheme))
			w.checkTree(s)
		}
	}
	w.checkContrast(s)
}

// An admin comes from the card of the account, helps somebody who forgot the
// password, takes a ban back and finds both in the audit log. Others see nothing.
func TestAdminPage(t *testing.T) {
	t.Parallel()
	o := startOperated(t)
	browser := browse(t)
	ann, bob := openWindow(t, browser, "anna", o.url("/")), openWindow(t, browser, "bobby", o.url("/"))
	ann.registers()
	bob.registers()
	o.register("carol", "dave-the-second", "erin")
	o.must("user", "role", "anna", "admin", "-reason", "runs the place")
	bob.say("buy something")
	ann.shows("buy something")
	o.must("ban", "add", "livechat", "bobby", "-for", "48h", "-reason",
		"spam, spam, and more of what nobody wants")
	harness.Eventually(t, patience, "gus is banned", func() error {
		return o.admin("ban", "add", "livechat", "guest:abcdefghijklmnop", "-mute", "-reason", "noise")
	})

	// Somebody who is no admin finds no way there, and nothing there.
	const card = `#account-dialog`
	bob.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible(card, chromedp.ByQuery))
	bob.waitFor(`document.querySelector("#admin").hidden`)
	bob.do(chromedp.Navigate(o.url("/admin.html")))
	bob.waitFor(`/bobby isn't an admin/.test(document.querySelector("#gate").innerText)`)
	bob.waitFor(`document.querySelector("#views").hidden && !document.querySelector("tbody tr")`)
	bob.shootAdmin("admin-gate", inGate)

	ann.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#admin", chromedp.ByQuery))
	ann.shoot("admin-link")
	ann.clicks("#admin")
	ann.waitFor(`Boolean(document.querySelector("#people .sum")?.textContent)`)
	ann.goesToView("accounts")
	ann.waitFor(`document.querySelectorAll("#accounts tbody tr").length === 5`)
	ann.shootAdmin("admin-accounts", inTable)
	ann.do(typeIn("#accounts [name=q]", "BOB"))
	ann.waitFor(`document.querySelectorAll("#accounts tbody tr").length === 1`)

	ann.clicks(buttonOf("bobby", "password"))
	ann.confirms("forgot it")
	ann.do(chromedp.WaitVisible("#ask-result", chromedp.ByQuery))
	ann.shootAdmin("admin-password", asked)
	ann.waitFor(`/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/.test(document.querySelector("#ask-result").textContent)`)
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.isTold("bobby has a new password")
	// The focus is back on the button that was pressed.
	ann.waitFor(`document.activeElement.dataset.do === "password"`)
	bob.do(chromedp.Reload())
	bob.waitFor(`/not logged in/.test(document.querySelector("#gate").innerText)`)

	ann.goesToView("bans")
	ann.waitFor(`document.querySelectorAll("#bans tbody tr").length === 2`)
	ann.shootAdmin("admin-bans", inTable)
	const lift = `main > section:not([hidden]) tr[data-key^="livechat ban account:"] [data-do="lift"]`
	ann.clicks(lift)
	ann.waitFor(`document.querySelector("#ask").open`)
	ann.shootAdmin("admin-ask", asked)
	ann.confirms("bobby is sorry")
	ann.isTold("bobby is no longer banned in livechat")
	ann.waitFor(`document.querySelectorAll("#bans tbody tr").length === 1`)

	ann.goesToView("audit")
	ann.waitFor(`document.querySelectorAll("#audit tbody tr").length === 5`)
	ann.shootAdmin("admin-audit", inTable)
	ann.do(chromedp.SetValue("#audit [name=action]", "user", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#audit form").requestSubmit()`, nil))
	ann.waitFor(`[...document.querySelectorAll("#audit tbody tr")].map(row => row.innerText.includes("anna")).join() ===
		"true,true"`)

	ann.goesToView("settings")
	ann.waitFor(`/sqlite:/.test(document.body.innerText) === false && document.querySelectorAll("#settings tr").length > 50`)
	ann.shootAdmin("admin-settings", inTable)

	// An account that is no admin any more is stopped at the next click.
	o.must("user", "role", "anna", "none")
	ann.clicks(`#views > a[href="#bans"]`)
	ann.waitFor(`/anna isn't an admin/.test(document.querySelector("#gate").innerText)`)
	ann.waitFor(`[...document.querySelectorAll("main > section")].every(s => s.hidden || s.id === "gate")`)
	ann.noErrors("403", "401")
	bob.noErrors("403", "401")
}

// reportFirst reports the first message of the room, as whoever is logged in.
const reportFirst = `fetch("/api/v1/rooms/livechat/reports/", {method: "POST",
	headers: {"Content-Type": "application/json"}, body: JSON.stringify({reason: "not for this place", message: {
		seq: Number(document.querySelector("#log li.message").dataset.seq),
		id: document.querySelector("#log li.message").dataset.id}})}).then(answer => {
	if (!answer.ok) throw new Error(answer.status)
})`

// makeRoom makes a room, as whoever is logged in.
const makeRoom = `fetch("/api/v1/rooms/", {method: "POST", headers: {"Content-Type": "application/json"},
	body: JSON.stringify({name: "lions", title: "The den of the lions", access: "invite"})}).then(answer => {
	if (!answer.ok) throw new Error(answer.status)
})`

// An admin sees who is connected, follows somebody, closes the connection, and
// slows the room down; and handles what was reported. The audit log has it all.
func TestAdminPeople(t *testing.T) {
	t.Parallel()
	o := startOperated(t)
	browser := browse(t)
	ann, gus := openWindow(t, browser, "anna", o.url("/")), openWindow(t, browser, "gus", o.url("/"))
	ann.registers()
	gus.enter()
	o.must("user", "role", "anna", "admin")
	gus.say("a secret of mine")
	ann.shows("a secret of mine")
	mallory := openWindow(t, browser, "mallory of the rather long name", o.url("/?room=den"))
	mallory.enter()
	ann.do(chromedp.Evaluate(reportFirst, nil, awaited))

	ann.do(chromedp.Navigate(o.url("/admin.html#people")))
	ann.waitFor(`[...document.querySelectorAll("#people tbody th")].some(th => th.innerText.startsWith("gus"))`)
	ann.shootAdmin("admin-people", inTable)
	row := `[...document.querySelectorAll("#people tbody tr")].find(tr => tr.innerText.startsWith("gus"))`
	ann.do(chromedp.Evaluate(row+`.querySelector("[data-do=follow]").focus()`, nil), chromedp.KeyEvent(kb.Enter))
	ann.confirms("always gone")
	ann.waitFor(`!document.querySelector("#follow").hidden && /Following gus in livechat/.test(document.querySelector(
		"#follow-title").textContent)`)
	gus.say("another secret")
	ann.waitFor(`["in", "out"].every(dir => document.querySelector("#follow .tag." + dir))`)
	ann.waitFor(`/ack/.test(document.querySelector("#follow tbody").innerText)`)
	ann.shootAdmin("admin-follow", inTable)
	ann.waitFor(`!/secret/.test(document.querySelector("#follow").innerText)`)

	// Somebody else closes what is followed: the page says why it is over.
	boss := openIn(t, browser, ann.storage, "anna", o.url("/admin.html#people"))
	boss.waitFor(`document.querySelectorAll("#people tbody tr").length > 1`)
	boss.do(chromedp.Evaluate(row+`.querySelector("[data-do=close]").click()`, nil))
	boss.confirms("noise")
	boss.isTold("1 connection closed")
	gus.waitFor(`/removed/.test(document.body.innerText)`)
	ann.waitFor(`/they closed it|the server closed it/.test(document.querySelector("#follow tbody").innerText)`)
	ann.waitFor(`document.querySelector("#follow-stop").hidden`)
	ann.shootAdmin("admin-followed", inTable)

	ann.goesToView("rooms")
	ann.waitFor(`document.querySelector('#rooms tr[data-key="livechat"]') !== null`)
	ann.shootAdmin("admin-rooms", inTable)
	ann.clicks(buttonOf("livechat", "rules"))
	ann.waitFor(`document.querySelector("#ask").open && document.activeElement.matches("#ask-more select")`)
	ann.do(chromedp.SetValue("#ask-more select", "30", chromedp.ByQuery))
	ann.shootAdmin("admin-rules", asked)
	ann.do(typeIn("#ask-reason", "too busy"), chromedp.Click("#ask-yes", chromedp.ByQuery))
	ann.isTold("The rules of livechat are saved")
	ann.do(chromedp.Evaluate(makeRoom, nil, awaited),
		chromedp.SetValue("#rooms [name=which]", "made", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#rooms form").requestSubmit()`, nil))
	ann.waitFor(`document.querySelectorAll("#rooms tbody tr").length === 1`)
	ann.shootAdmin("admin-made", inTable)
	ann.clicks(buttonOf("lions", "remove"))
	ann.waitFor(`document.querySelector("#ask").open`)
	ann.shootAdmin("admin-remove", asked)
	ann.do(chromedp.Click("#ask-yes", chromedp.ByQuery))
	ann.isTold("The room lions is deleted")
	ann.waitFor(`document.querySelectorAll("#rooms tbody tr").length === 0`)

	ann.goesToView("reports")
	ann.waitFor(`document.querySelectorAll("#reports tbody tr").length === 1`)
	ann.shootAdmin("admin-reports", inTable)
	ann.clicks(`#reports [data-do="delete"]`)
	ann.confirms("off topic")
	ann.isTold("The message is deleted")
	ann.waitFor(`document.querySelectorAll("#reports tbody tr").length === 0`)

	for _, view := range []string{"servers", "files"} {
		ann.goesToView(view)
		ann.shootAdmin("admin-"+view, map[string]string{"servers": inTable, "files": inGate}[view])
	}
	ann.waitFor(`/answers/.test(document.querySelector("#files .figures").innerText)`)
	ann.goesToView("audit")
	for _, what := range []string{
		"followed", "connection closed", "rules of the room", "message deleted", "report closed",
	} {
		ann.waitFor(fmt.Sprintf(`[...document.querySelectorAll("#audit tbody tr")].some(tr => tr.innerText.includes(%q))`,
			what))
	}
	ann.noErrors()
}
