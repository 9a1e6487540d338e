package page

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
)

// reactions is what the page shows below its messages: an emoji with its count,
// and an asterisk if it is one's own, with commas between messages.
const reactions = `[...document.querySelectorAll("#messages > li.message")].map(li =>
	[...li.querySelectorAll(".reaction")].map(one => one.innerText.replace(/\s/g, "") +
		(one.ariaPressed === "true" ? "*" : "")).join(" ")).join()`

// reacted waits until the page shows these reactions, and nothing is unsent.
func (w *window) reacted(want string) {
	w.t.Helper()
	w.becomes(fmt.Sprintf(`%s === %q`, reactions, want))
}

// givesEmoji clicks an emoji of the card that the bar of the nth message opens.
func (w *window) givesEmoji(n int, name string) {
	w.t.Helper()
	w.bar(n, "react")
	w.do(chromedp.Poll(cardOpen, nil),
		chromedp.Click(fmt.Sprintf(`#react [aria-label=%q]`, name), chromedp.ByQuery),
		chromedp.Poll("!("+cardOpen+")", nil))
}

// chip selects a reaction below the nth message.
func chip(n int, emoji string) string {
	return nth(n, fmt.Sprintf(`.reaction[data-emoji='%s']`, emoji))
}

const cardOpen = `document.querySelector("#react").matches(":modal")`

// By mouse: from the bar, by the chips and by the +, with the emoji at hand and
// with all. Everybody sees how many there are, and can ask who.
func TestReactByMouse(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	bob.say("the build is green")
	ann.shows("the build is green")
	ann.say("and so is the lawn")
	ann.shows("the build is green", "and so is the lawn")
	bob.shows("the build is green", "and so is the lawn")
	ann.is("there is nothing below a message without any", `!document.querySelector(".reactions")`)

	ann.givesEmoji(1, "Thumbs up")
	ann.reacted("👍1*,")
	bob.reacted("👍1,")
	bob.clicks(chip(1, "👍"))
	for _, w := range []*window{ann, bob} {
		w.reacted("👍2*,")
	}
	bob.givesEmoji(2, "Party popper")
	ann.reacted("👍2*,🎉1")

	// The + leads to the same card, and the card to all emoji.
	ann.do(chromedp.Click(nth(1, ".add-reaction"), chromedp.ByQuery), chromedp.Poll(cardOpen, nil))
	ann.is("the card tells which are given", `[...document.querySelectorAll("#react [aria-pressed=true]")]
		.map(one => one.innerText).join() === "👍"`)
	ann.shootEach("react-card")
	ann.do(chromedp.EmulateViewport(1280, 760), chromedp.Click("#react .give-other", chromedp.ByQuery),
		chromedp.Poll(emojiOpen, nil), typeIn(".emoji-search", "rocket"),
		chromedp.Click(`#emoji-grid > [aria-label="rocket"]`, chromedp.ByQuery), chromedp.Poll(emojiGone, nil))
	ann.reacted("👍2* 🚀1*,🎉1")
	bob.reacted("👍2* 🚀1,🎉1*")
	ann.is("the way back is as long as before", `history.length <= 4`)

	// The names of those who reacted are at a chip, for the mouse and for
	// screen readers.
	bob.do(chromedp.MouseEvent(input.MouseMoved, 5, 5), hover(chip(1, "🚀")))
	bob.saysOf("#who-reacted", "ann")
	bob.is("the chip is described by it", fmt.Sprintf(
		`document.querySelector(%q).getAttribute("aria-describedby") === "who-reacted"`, chip(1, "🚀")))
	bob.do(hover(chip(1, "👍")))
	bob.saysOf("#who-reacted", "You and ann")
	bob.shootEach("reactions")
	bob.do(chromedp.EmulateViewport(1280, 760), chromedp.MouseEvent(input.MouseMoved, 5, 5))
	bob.becomes(`document.querySelector("#who-reacted").hidden`)

	// Taken back, the last one leaves nothing.
	ann.clicks(chip(1, "🚀"))
	bob.clicks(chip(1, "👍"))
	bob.clicks(chip(2, "🎉"))
	for _, w := range []*window{ann, bob} {
		w.waitFor(`document.querySelectorAll(".reactions").length === 1`)
	}
	ann.reacted("👍1*,")
	bob.reacted("👍1,")

	// After a reload, and for who comes later.
	ann.reload()
	ann.reacted("👍1*,")
	cid := openWindow(t, ann.browser, "cid", "http://"+p.Addr+"/")
	cid.enter()
	cid.reacted("👍1,")

	// A deleted message has none.
	bob.bar(1, "remove")
	for _, w := range []*window{ann, bob, cid} {
		w.becomes(`!document.querySelector(".reactions")`)
		w.noErrors()
	}
}

// hover moves the mouse onto an element.
func hover(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var at struct{ X, Y float64 }
		err := chromedp.Evaluate(fmt.Sprintf(`(box => ({ X: box.x + box.width / 2, Y: box.y + box.height / 2 }))(
			document.querySelector(%q).getBoundingClientRect())`, selector), &at).Do(ctx)
		if err != nil {
			return err
		}
		return chromedp.MouseEvent(input.MouseMoved, at.X, at.Y).Do(ctx)
	})
}

// By keyboard: Tab leads from a message to its actions and, as one stop, to its
// reactions, in which the arrows move. Nothing is read out that others do.
func TestReactByKeyboard(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	bob.say("hello")
	ann.shows("hello")
	ann.do(chromedp.Evaluate(`{
		window.spoken = []
		for (const region of document.querySelectorAll("[aria-live=polite], [role=status]")) {
			const note = () => region.textContent && spoken.push(region.textContent)
			new MutationObserver(note).observe(region, { childList: true, characterData: true, subtree: true })
		}
	}`, nil))
	ann.do(chromedp.Focus("#messages > li", chromedp.ByQuery),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab)) // the name, the actions
	ann.becomes(`document.activeElement.matches(".actions .react")`)
	ann.do(pressEnter(0))
	ann.becomes(cardOpen + ` && document.activeElement.ariaLabel === "Thumbs up"`)
	ann.do(chromedp.KeyEvent(kb.ArrowRight), pressEnter(0))
	ann.reacted("❤️1*")
	ann.becomes(`document.activeElement.matches(".actions .react")`)
	bob.givesEmoji(1, "Tears of joy")
	bob.givesEmoji(1, "Crying")
	ann.reacted("❤️1* 😂1 😢1")

	focus := func(keys, want string) {
		t.Helper()
		for _, key := range keys {
			ann.do(chromedp.KeyEvent(string(key)))
		}
		ann.becomes(fmt.Sprintf(`document.activeElement.ariaLabel === %q`, want))
	}
	ann.do(chromedp.Evaluate(`[...document.querySelectorAll(".actions button:not([hidden])")]
		.at(-1).focus()`, nil))
	focus(kb.Tab, "❤️ 1, yours")
	focus(kb.ArrowRight, "😂 1")
	focus("\r", "😂 2, you among them")
	focus(kb.End, "Add a reaction")
	focus(kb.ArrowRight+kb.ArrowLeft, "😢 1")
	ann.saysOf("#who-reacted", "bob")
	ann.do(chromedp.KeyEvent(kb.Tab))
	ann.is("one stop", `!document.activeElement.closest("#messages")`)
	ann.do(chromedp.Focus(chip(1, "😢"), chromedp.ByQuery))
	focus(kb.Home, "❤️ 1, yours")
	focus("\r", "😂 2, you among them") // what had the focus is gone
	bob.reacted("😂2* 😢1*")
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.focused("text")
	ann.is("nothing was read out", `spoken.length === 0`)
	ann.noErrors()
	bob.noErrors()
}

// A finger reacts in the sheet of a message and by the chips. A long press on
// one tells who reacted, and changes nothing.
func TestReactByTouch(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	w := openOnPhone(t, "http://"+p.Addr+"/")
	w.enterByTouch()
	w.sayByTouch("some words")
	press := func(selector string) chromedp.Action {
		return chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil)
	}
	w.hold("#messages .bubble")
	w.do(chromedp.WaitVisible("#message-sheet .quick", chromedp.ByQuery),
		chromedp.Poll(`document.getAnimations().length === 0`, nil))
	for _, width := range []int64{320, 390} {
		w.do(chromedp.EmulateViewport(width, 844, chromedp.EmulateTouch, chromedp.EmulateMobile))
		w.is("a finger hits each of them", `[...document.querySelectorAll("#message-sheet .quick button")]
			.every(one => one.offsetHeight >= 44 && one.getBoundingClientRect().width >= 44)`)
		w.fits("sheet")
	}
	w.shoot("react-sheet-390")
	w.do(press(`#message-sheet [aria-label="Surprised"]`))
	w.reacted("😮1*")
	w.is("the sheet is closed", `!document.querySelector("#message-sheet").open`)
	w.do(press(chip(1, "😮")))
	w.reacted("")

	// From the sheet to all emoji; Back closes them and leaves the room open.
	w.hold("#messages .bubble")
	w.do(chromedp.WaitVisible("#message-sheet .give-other", chromedp.ByQuery),
		press("#message-sheet .give-other"), chromedp.Poll(emojiOpen, nil),
		chromedp.Evaluate(`history.back()`, nil), chromedp.Poll(emojiGone, nil))
	w.state("connected")
	w.hold("#messages .bubble")
	w.do(chromedp.WaitVisible("#message-sheet .give-other", chromedp.ByQuery),
		press("#message-sheet .give-other"), chromedp.Poll(emojiOpen, nil), typeIn(".emoji-search", "rocket"),
		press(`#emoji-grid > [aria-label="rocket"]`), chromedp.Poll(emojiGone, nil))
	w.reacted("🚀1*")
	w.do(press(".add-reaction"), chromedp.Poll(cardOpen, nil))
	w.is("the card is on the screen", `(box => box.left >= 0 && box.right <= innerWidth &&
		box.bottom <= innerHeight)(document.querySelector("#react").getBoundingClientRect())`)
	w.shoot("react-card-touch")
	w.do(chromedp.Evaluate(`history.back()`, nil), chromedp.Poll("!("+cardOpen+")", nil))

	w.hold(chip(1, "🚀"))
	w.saysOf("#who-reacted", "You")
	w.shoot("who-reacted-touch")
	w.do(press(chip(1, "🚀")))
	w.is("the end of a long press is no click", reactions+` === "🚀1*"`)
	w.do(chromedp.Evaluate(`document.body.dispatchEvent(
		new PointerEvent("pointerdown", { bubbles: true }))`, nil), press(chip(1, "🚀")))
	w.reacted("")
	w.noErrors()
}
