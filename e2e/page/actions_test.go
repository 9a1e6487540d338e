package page

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// A user can mention the author of a message and write a refused text again;
// the log prints as a whole, and a key leads past the header.
func TestMessageActions(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	browser := browse(t)
	ann := openWindow(t, browser, "ann", "http://"+p.Addr+"/")
	ann.enter()
	bob := openWindow(t, browser, "bob", "http://"+p.Addr+"/")
	bob.enter()
	bea := openWindow(t, browser, "bea", "http://"+p.Addr+"/")
	bea.enter()
	bob.say("hello")
	bea.say("\u202ehttps://example.org/ h\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308")
	ann.do(chromedp.Poll(`document.querySelectorAll("#messages li").length === 2`, nil))

	// Two letters where two people share one.
	ann.becomes(`[...document.querySelectorAll("#messages .avatar")].map(e => e.textContent).join() === "Bo,Be"`)

	// Stacked accents stay within the bubble, and a character that turns the
	// direction of the text does not turn an address.
	ann.is("the bubble is clipped",
		`getComputedStyle(document.querySelector("#messages li:last-child .bubble")).overflowY === "clip"`)
	ann.is("the address is read from the left", `(text => {
		const at = i => { const r = document.createRange(); r.setStart(text, i); r.setEnd(text, i + 1)
			return r.getBoundingClientRect().left }
		return at(0) < at(text.length - 1)
	})(document.querySelector("#messages a").firstChild)`)

	// Somebody types: three dots.
	harness.Eventually(t, time.Minute, "bob is seen to type", func() error {
		bob.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("x"))
		var is bool
		ann.do(chromedp.Evaluate(`getComputedStyle(document.querySelector("#typing .dots")).display !== "none" &&
			document.querySelector("#typing").innerText.trim() === "bob is typing…"`, &is))
		return harness.ErrIf(!is)
	})
	ann.shoot("typing")

	// A mention goes where one writes.
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("hi"),
		chromedp.Focus("#messages li:first-child", chromedp.ByQuery),
		chromedp.Click("#messages li:first-child .mention", chromedp.ByQuery))
	ann.becomes(field + `.value === "hi @bob "`)
	ann.is("the field has the focus", `document.activeElement.id === "text"`)
	ann.do(chromedp.Evaluate(field+`.value = ""; `+field+`.dispatchEvent(new Event("input"))`, nil))

	// A refused text can be written again, and not sent as it is.
	ann.do(chromedp.Evaluate(`(send => { WebSocket.prototype.send = function (data) {
		send.call(this, data.replace(/refuse me[^"]*/, "\u200b")) } })(WebSocket.prototype.send)`, nil))
	ann.say("refuse me")
	ann.do(chromedp.WaitVisible("#messages .failed .edit", chromedp.ByQuery))
	ann.say("refuse me at greater length: " + strings.Repeat("a line or two, ", 12))
	ann.becomes(`document.querySelectorAll("#messages .failed").length === 2`)
	ann.is("a sign is beside the first line of each bubble",
		`[...document.querySelectorAll(".failed")].every(note => {
		const at = (e) => e.getBoundingClientRect()
		const [sign, bubble] = [at(note.querySelector(".icon")), at(note.closest("li").querySelector(".bubble"))]
		const middle = (sign.top + sign.bottom) / 2 - bubble.top
		return sign.left > bubble.right && sign.left - bubble.right < 12 && middle > 14 && middle < 22 &&
			sign.right <= at(note.closest(".column")).right })`)
	ann.shootHeader("refused")
	ann.do(chromedp.EmulateViewport(1280, 760))
	ann.do(chromedp.Click("#messages li:last-child .discard", chromedp.ByQuery))
	ann.becomes(`document.querySelectorAll("#messages .failed").length === 1`)
	ann.do(chromedp.EmulateViewport(390, 844), chromedp.Focus("#messages li:first-child", chromedp.ByQuery))
	ann.becomes(`((at) => at(".actions").left > at(".bubble").right)(one =>
		document.querySelector("#messages li:first-child " + one).getBoundingClientRect())`)
	ann.do(chromedp.EmulateViewport(1280, 760), chromedp.Focus("#text", chromedp.ByQuery))
	ann.do(input.InsertText("more"), chromedp.Click("#messages .failed .edit", chromedp.ByQuery))
	ann.becomes(field + `.value === "refuse me\nmore"`)
	ann.becomes(`document.querySelectorAll("#messages li").length === 2`)

	// The way past the header.
	ann.is("it is the first stop", `document.querySelector("#stage button").id === "skip"`)
	ann.do(chromedp.Focus("#skip", chromedp.ByQuery))
	ann.shoot("skip")
	ann.do(pressEnter(0))
	ann.becomes(`document.activeElement.id === "text"`)

	// On paper there is the log, all of it.
	ann.do(chromedp.EmulateViewport(700, 300), emulation.SetEmulatedMedia().WithMedia("print"))
	ann.is("the log is as high as its messages",
		`(log => log.scrollHeight <= log.clientHeight && getComputedStyle(log).overflowY === "visible")(
		document.querySelector("#log"))`)
	ann.is("nothing else is printed",
		`[".bar", ".foot", "#skip"].every(one => getComputedStyle(document.querySelector(one)).display === "none")`)
	ann.shoot("print")
	ann.do(emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}),
		chromedp.EmulateViewport(1280, 760))
	ann.shoot("forced")
	ann.noErrors()
}

// A long press opens a sheet, which Back closes, and from which a part of the
// text can be selected.
func TestMessageSheet(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	w := openOnPhone(t, "http://"+p.Addr+"/", prefers("dark"))
	w.enterByTouch()
	w.sayByTouch("some words")

	press := chromedp.Evaluate(`document.querySelector("#messages .bubble").dispatchEvent(
		new PointerEvent("pointerdown", {pointerType: "touch", bubbles: true, clientX: 1, clientY: 1}))`, nil)
	opened := chromedp.WaitVisible("#message-sheet .select-text", chromedp.ByQuery)
	w.do(press, opened)
	w.do(chromedp.Poll(`document.getAnimations().length === 0`, nil))
	w.shoot("sheet-390-dark")
	w.do(chromedp.Evaluate(`history.back()`, nil),
		chromedp.Poll(`!document.querySelector("#message-sheet").open`, nil))
	w.is("the room is still there", `document.querySelectorAll("#messages li").length === 1`)

	w.do(press, opened, chromedp.Evaluate(`document.querySelector("#message-sheet .select-text").click()`, nil))
	w.becomes(`getSelection().toString() === "some words"`)
	w.is("the text can be selected",
		`getComputedStyle(document.querySelector("#messages .text")).userSelect !== "none"`)
	w.is("the sheet is closed", `!document.querySelector("#message-sheet").open`)
	w.do(chromedp.Evaluate(`getSelection().removeAllRanges()`, nil),
		chromedp.Poll(`!document.querySelector(".selectable")`, nil))
	w.noErrors()
}
