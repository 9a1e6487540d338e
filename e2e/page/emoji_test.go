package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

const (
	openEmoji = `document.querySelector("#emoji-button").click()`
	emojiOpen = `document.querySelector("#emoji")?.matches(":modal") &&
		document.querySelectorAll("#emoji-grid > button").length > 0`
	emojiGone  = `!document.querySelector("#emoji")?.open`
	emojiFocus = `document.activeElement.getAttribute("aria-label")`
)

// picksEmoji opens the picker and picks what has that name.
func (w *window) picksEmoji(name string) {
	w.t.Helper()
	w.do(chromedp.Evaluate(openEmoji, nil), chromedp.Poll(emojiOpen, nil),
		typeIn(".emoji-search", name),
		chromedp.Click(fmt.Sprintf(`#emoji-grid > [aria-label=%q]`, name), chromedp.ByQuery),
		chromedp.Poll(emojiGone, nil))
}

// The picker is loaded when it is wanted. It puts an emoji where one writes,
// remembers those that were picked and the skin tone, and works by mouse.
func TestEmojiPicker(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, ann := enterAlone(t)
	ann.is("nothing of it is loaded",
		`!performance.getEntriesByType("resource").some(e => e.name.includes("emoji"))`)
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("ab"),
		chromedp.Evaluate(field+`.setSelectionRange(1, 1)`, nil))
	ann.picksEmoji("party popper")
	ann.becomes(field + `.value === "a🎉b" && ` + field + `.selectionStart === 3`)
	ann.becomes(`document.activeElement === ` + field)

	// The emoji that was picked comes first the next time; a skin tone stays.
	ann.do(chromedp.Evaluate(openEmoji, nil), chromedp.Poll(emojiOpen, nil))
	ann.is("the recent ones are chosen",
		`document.querySelector('#emoji [aria-selected="true"]').ariaLabel === "Recently used" &&
			document.querySelector("#emoji-grid").textContent.trim() === "🎉"`)
	ann.do(chromedp.Click(`#emoji [aria-label="People and body"]`, chromedp.ByQuery),
		chromedp.Click(`#emoji [role="radio"][aria-label="Dark"]`, chromedp.ByQuery))
	ann.is("every hand is dark", `document.querySelector("#emoji-grid").textContent.includes("👋🏿")`)
	ann.do(chromedp.Click(`#emoji-grid > [aria-label="waving hand"]`, chromedp.ByQuery),
		chromedp.Poll(emojiGone, nil))
	ann.becomes(field + `.value === "a🎉👋🏿b"`)
	ann.do(pressEnter(0))
	ann.shows("a🎉👋🏿b")
	ann.reload()
	ann.state("connected")
	ann.do(chromedp.Evaluate(openEmoji, nil), chromedp.Poll(emojiOpen, nil))
	ann.is("both are remembered, and the tone",
		`document.querySelector("#emoji-grid").textContent.replace(/\s/g, "") === "👋🏿🎉" &&
			document.querySelector('#emoji [aria-checked="true"]').ariaLabel === "Dark"`)

	// Nothing is found; a click beside it closes it.
	ann.do(typeIn(".emoji-search", "xyzzy"))
	ann.saysOf(".emoji-none", "No emoji for “xyzzy”.")
	ann.do(chromedp.MouseClickXY(100, 100), chromedp.Poll(emojiGone, nil))

	// An emoji counts as its characters. One too many is not sent.
	ann.do(chromedp.Evaluate(field+`.value = "x".repeat(3999)`, nil))
	ann.picksEmoji("family: man, woman, girl, boy")
	ann.saysOf("#composer-note", "6 characters too long.")
	ann.is("it is not sent", `document.querySelector("#send").disabled`)
	ann.do(chromedp.Evaluate(field+`.value = ""`, nil))
	ann.noErrors()

	// Without the server the page says that it cannot be loaded, and tries again
	// when asked.
	bob := openWindow(t, browse(t), "bob", "http://"+server.Addr+"/")
	bob.enter()
	bob.do(chromedp.Evaluate(`(fetch => { window.fetch = (url, ...more) =>
		String(url).endsWith("emoji.json") && !window.back
			? Promise.reject(new TypeError("away")) : fetch(url, ...more) })(fetch)`, nil),
		chromedp.Evaluate(openEmoji, nil))
	bob.saysOf("#log-note", "Couldn't load the emoji. Please try again.")
	bob.do(chromedp.Evaluate(`window.back = true`, nil))
	bob.picksEmoji("red heart")
	bob.becomes(field + `.value === "❤️"`)
	bob.noErrors()
}

// Tab leads to four places, arrows move in each, Escape gives the focus back.
func TestEmojiByKeyboard(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	_, ann := enterAlone(t)
	ann.do(chromedp.Focus("#emoji-button", chromedp.ByQuery), pressEnter(0), chromedp.Poll(emojiOpen, nil))
	ann.becomes(`document.activeElement.matches(".emoji-search")`)
	ann.do(chromedp.Poll(`document.getAnimations().length === 0`, nil))
	ann.shootAll("emoji")
	reads := func(keys, want string) {
		t.Helper()
		var got string
		for _, key := range keys {
			ann.do(chromedp.KeyEvent(string(key)))
		}
		if ann.do(chromedp.Evaluate(emojiFocus, &got)); got != want {
			t.Errorf("%q leads to %q, want %q", keys, got, want)
		}
	}
	reads(kb.Tab, "Smileys and emotion")
	reads(kb.ArrowRight, "People and body")
	reads(kb.ArrowLeft, "Smileys and emotion")
	reads(kb.Tab, "grinning face")
	reads(kb.ArrowRight, "grinning face with big eyes")
	reads(kb.ArrowDown+kb.ArrowUp, "grinning face with big eyes")
	reads(kb.End+kb.Home, "grinning face")
	reads(kb.Tab, "Default")
	reads(kb.ArrowRight, "Light")
	ann.press("Tab", "Tab", input.ModifierShift)
	reads("", "grinning face")
	reads("r", "Search emoji")
	reads("ocket", "Search emoji")
	reads(kb.ArrowDown, "rocket")
	ann.do(chromedp.KeyEvent(kb.Escape), chromedp.Poll(emojiGone, nil))
	ann.becomes(`document.activeElement.id === "emoji-button" && ` + field + `.value === ""`)
	ann.do(pressEnter(0), chromedp.Poll(emojiOpen, nil), input.InsertText("rocket"), pressEnter(0))
	ann.becomes(field + `.value === "🚀" && document.activeElement === ` + field)
	ann.noErrors()
}

// Under a finger it is a sheet, which Back closes, and no keyboard comes up.
func TestEmojiOnPhone(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	ann := openOnPhone(t, "http://"+p.Addr+"/", prefers("dark"))
	ann.enterByTouch()
	ann.do(chromedp.Evaluate(openEmoji, nil), chromedp.Poll(emojiOpen, nil),
		chromedp.Poll(`document.getAnimations().length === 0`, nil))
	ann.is("the search has no focus", `document.activeElement.matches("#emoji [role=tab]")`)
	ann.is("it lies at the lower edge, edge to edge", `(box => box.left === 0 && box.right === innerWidth &&
		box.bottom === innerHeight)(document.querySelector("#emoji").getBoundingClientRect())`)
	ann.is("every target is large enough",
		`[...document.querySelectorAll("#emoji :is(input, button:not([hidden]))")]
		.every(e => e.offsetHeight >= 44 &&
			(e.offsetWidth >= 44 || e.matches("[role=tab]") && e.offsetWidth >= 36))`)
	ann.shoot("emoji-touch-390-dark")
	ann.do(chromedp.Evaluate(`history.back()`, nil), chromedp.Poll(emojiGone, nil))
	ann.state("connected")
	ann.do(chromedp.Evaluate(openEmoji, nil), chromedp.Poll(emojiOpen, nil),
		chromedp.Evaluate(`document.querySelector("#emoji-grid > button").click()`, nil),
		chromedp.Poll(emojiGone, nil))
	ann.becomes(field + `.value === "😀" && document.activeElement !== ` + field)
	ann.noErrors()
}
