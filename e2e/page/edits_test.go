package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/client"
	"livechat/e2e/harness"
)

// nth selects a message of the page, the first is 1.
func nth(n int, part string) string {
	return fmt.Sprintf("#messages > li:nth-child(%d) %s", n, part)
}

// bar points at the nth message, as a mouse does, and clicks an action.
func (w *window) bar(n int, action string) {
	w.t.Helper()
	w.do(chromedp.Click(nth(n, ".text"), chromedp.ByQuery),
		chromedp.Click(nth(n, ".actions ."+action), chromedp.ByQuery))
}

// types replaces what is in the field.
func (w *window) types(text string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(field+`.select()`, nil), chromedp.Focus("#text", chromedp.ByQuery),
		input.InsertText(text))
}

// shootEach takes screenshots on a desktop and on a phone, by day and by night.
func (w *window) shootEach(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, size := range [][2]int64{{390, 844}, {1280, 760}} {
			w.do(chromedp.EmulateViewport(size[0], size[1]),
				chromedp.Poll(`document.getAnimations().length === 0`, nil))
			w.fits(name)
			w.shoot(fmt.Sprint(name, "-", size[0], "-", scheme))
		}
	}
}

const isEditing = `!document.querySelector("#editing").hidden`

// An author edits a message: by mouse, and by keyboard. Everybody sees it in
// its place, and nothing moves or is read out.
func TestEditAMessage(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	ann.say("helo https://example.org/")
	bob.shows("helo https://example.org/")
	bob.say("what?")
	ann.shows("helo https://example.org/", "what?")
	ann.say("second")
	ann.shows("helo https://example.org/", "what?", "second")
	bob.shows("helo https://example.org/", "what?", "second")

	// By mouse; what was begun before comes back.
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("half a sen"))
	ann.bar(2, "copy-text")
	ann.is("nobody edits what others said",
		`document.querySelector("#messages > li:nth-child(2) .change").hidden`)
	ann.bar(1, "change")
	ann.becomes(isEditing + ` && ` + field +
		`.value === "helo https://example.org/" && document.activeElement === ` + field)
	ann.is("the button saves", `document.querySelector("#send").getAttribute("aria-label") === "Save"`)
	ann.shootEach("editing")
	// One line a second is read out, so the last one may come late.
	bob.waitFor(`/second|new messages/.test(document.querySelector("#announce-messages").textContent)`)
	bob.do(chromedp.Evaluate(`{
		window.spoken = []
		const region = document.querySelector("#announce-messages")
		const note = () => spoken.push(region.textContent)
		new MutationObserver(note).observe(region, { childList: true, characterData: true })
		document.querySelector("#messages a").focus()
	}`, nil))
	ann.types("hello")
	ann.do(pressEnter(0))
	ann.becomes(`!(` + isEditing + `) && ` + field + `.value === "half a sen"`)
	ann.shows("hello", "what?", "second")
	bob.shows("hello", "what?", "second")
	for _, w := range []*window{ann, bob} {
		w.waitFor(`document.querySelectorAll("#messages .edited").length === 1 &&
			!document.querySelector("[data-changing]")`)
		w.is("it says when",
			`/^Edited .*\d/.test(document.querySelector("#messages > li:first-child .edited").title)`)
	}
	bob.is("nothing is read out", `spoken.length === 0`)
	bob.is("the message has the focus that its link had",
		`document.activeElement.matches("#messages > li:first-child")`)
	ann.shootEach("edited")

	// By keyboard: the arrow edits the last one, Escape leaves it as it was.
	ann.types("")
	ann.do(chromedp.KeyEvent(kb.ArrowUp))
	ann.becomes(isEditing + ` && ` + field + `.value === "second"`)
	ann.types("nonsense")
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.becomes(`!(` + isEditing + `) && ` + field + `.value === ""`)
	ann.do(chromedp.Focus("#messages > li:first-child", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#messages > li:first-child .actions .change").focus()`, nil),
		pressEnter(0))
	ann.becomes(isEditing)
	ann.types("hello, everybody")
	ann.do(chromedp.Click("#send", chromedp.ByQuery))
	bob.shows("hello, everybody", "what?", "second")

	// A draft that was there is kept over a reload, and is no edit.
	ann.do(input.InsertText("a draft"))
	ann.bar(3, "change")
	ann.becomes(isEditing)
	ann.types("not saved")
	ann.reload()
	ann.shows("hello, everybody", "what?", "second")
	ann.becomes(field + `.value === "a draft"`)
	ann.noErrors()
	bob.noErrors()
}

// A finger edits from the sheet of a long press.
func TestEditByTouch(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	w := openOnPhone(t, "http://"+p.Addr+"/")
	w.enterByTouch()
	w.sayByTouch("some words")
	w.hold("#messages .bubble")
	w.do(chromedp.WaitVisible("#message-sheet .change", chromedp.ByQuery),
		chromedp.Poll(`document.getAnimations().length === 0`, nil))
	w.is("a finger hits it", `document.querySelector("#message-sheet .change").offsetHeight >= 44`)
	w.shoot("edit-sheet-390")
	w.do(chromedp.Evaluate(`document.querySelector("#message-sheet .change").click()`, nil))
	w.becomes(isEditing + ` && ` + field + `.value === "some words"`)
	w.is("a finger hits the cross",
		`(b => b.width >= 44 && b.height >= 44)(document.querySelector("#editing button").getBoundingClientRect())`)
	w.shoot("editing-touch")
	w.types("other words")
	w.do(chromedp.Evaluate(`document.querySelector("#send").click()`, nil))
	w.shows("other words")
	w.waitFor(`document.querySelector("#messages .edited") && !document.querySelector("[data-changing]")`)
	w.noErrors()
}

// hold presses on something for long, as a finger does.
func (w *window) hold(selector string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(`document.querySelector("`+selector+`").dispatchEvent(
		new PointerEvent("pointerdown", {pointerType: "touch", bubbles: true, clientX: 1, clientY: 1}))`, nil))
}

// Two tabs of one guest edit the same message. A refused edit says why, and the
// old text is back.
func TestEditInTwoTabs(t *testing.T) {
	t.Parallel()
	p := harness.StartAloneWith(t, map[string]string{"EDIT_WINDOW": "1h"})
	one := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	one.enter()
	two := one.openTab("http://" + p.Addr + "/")
	one.say("hello")
	two.shows("hello")
	two.bar(1, "change")
	two.becomes(isEditing)
	two.types("from the other tab")
	two.do(pressEnter(0))
	one.shows("from the other tab")
	one.bar(1, "change")
	one.becomes(field + `.value === "from the other tab"`)
	one.types("and back")
	one.do(pressEnter(0))
	two.shows("and back")

	// The server no longer knows the message that the page means.
	one.do(chromedp.Evaluate(`(send => { WebSocket.prototype.send = function (data) {
		send.call(this, data.replace(/"target":\{.*?\}/,
			'"target":{"seq":99,"id":"00000000-0000-4000-8000-000000000000"}')) } })(WebSocket.prototype.send)`, nil))
	one.bar(1, "change")
	one.types("of nothing")
	one.do(pressEnter(0))
	one.saysOf("#log-note", "That message isn't available any more.")
	one.shoot("edit-refused")
	one.shows("and back")
	one.noErrors()
	two.noErrors()
}

// A message is edited while the page does not have it. The archive brings it
// later, with the text of the edit, and in a part of the past it changes in
// place. Where the reader is, nothing moves.
func TestEditsOfThePast(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	bob := joinBob(t, p)
	var first client.Ack
	for n := range 450 {
		ack, err := bob.Send(t.Context(), fmt.Sprint("message ", n+1))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = ack
		}
	}
	edit := func(text string) {
		t.Helper()
		if _, err := bob.Edit(t.Context(), client.Target{Seq: first.Seq, ID: first.ID}, text); err != nil {
			t.Fatal(err)
		}
	}
	w := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	w.enter()
	last := func(text string) string {
		return `[...document.querySelectorAll("#messages .text")].at(-1)?.innerText === "` + text + `"`
	}
	w.waitFor(last("message 450"))
	edit("edited far away")
	if _, err := bob.Send(t.Context(), "message 451"); err != nil {
		t.Fatal(err)
	}
	w.waitFor(last("message 451"))
	w.is("nothing shows it", `!document.querySelector("#messages .edited, #messages .missing")`)
	// A place that is the same in two frames is no scrolling, so it changes.
	w.do(chromedp.Evaluate(`window.up = setInterval(log => { log.scrollTop = log.scrollTop > 0 ? 0 : 2 }, 30,
		document.querySelector("#log"))`, nil))
	w.waitFor(`document.querySelector("#messages .text")?.innerText === "edited far away"`)
	w.do(chromedp.Evaluate(`clearInterval(window.up)`, nil))
	w.waitFor(`document.querySelector("#messages li:first-child .edited") !== null`)

	// Where the reader is stays where it is, however long the text becomes.
	w.do(chromedp.Evaluate(`{
		const li = window.here = document.querySelector("#messages > li:nth-child(20)")
		li.scrollIntoView({ block: "center" })
	}`, nil))
	w.waitFor(`document.querySelector("#messages > li:nth-child(20)") === here`)
	var before, after int
	w.do(chromedp.Evaluate(`Math.round(here.getBoundingClientRect().top)`, &before))
	edit("one\ntwo\nthree\nfour\nfive")
	w.waitFor(`document.querySelector("#messages .text")?.innerText.includes("five") === true`)
	w.do(chromedp.Evaluate(`Math.round(here.getBoundingClientRect().top)`, &after))
	if after != before {
		t.Errorf("the message in the middle is at %d px, and was at %d", after, before)
	}
	w.noErrors()
}
