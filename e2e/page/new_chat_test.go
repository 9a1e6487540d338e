package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shootChats saves the window from a small phone to a big screen, in both
// themes, with the list of chats in view.
func (w *window) shootChats(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for _, width := range []int64{320, 390, 1280, 1920} {
			w.do(chromedp.EmulateViewport(width, 720), chromedp.Evaluate(paints, nil, awaited))
			if width < 700 {
				w.do(chromedp.Click("#chats-button", chromedp.ByQuery))
				w.isAt("livechat", "chats")
			}
			w.do(chromedp.Click("#new-chat", chromedp.ByQuery),
				chromedp.Poll(`document.getAnimations().every(a => a.playState !== "running")`, nil))
			w.fits(fmt.Sprint(name, " at ", width))
			w.shoot(fmt.Sprint(name, "-", width, "-", scheme))
			w.do(chromedp.Click("#new-chat", chromedp.ByQuery))
			if width < 700 {
				w.do(chromedp.Click("#chats-close", chromedp.ByQuery))
				w.isAt("livechat", "")
			}
		}
	}
}

// The button in the head of the chats unfolds a form. It folds again with
// Escape, and when a chat is open.
func TestNewChat(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob")
	ann := all[0]
	unfolded := func(is bool) {
		t.Helper()
		ann.becomes(fmt.Sprintf(`document.querySelector("#new-chat").ariaExpanded === "%t" &&
			document.querySelector("#chat-name").checkVisibility() === %t`, is, is))
	}
	ann.do(chromedp.EmulateViewport(1280, 760))
	unfolded(false)
	ann.shootChats("new-chat")
	ann.do(chromedp.EmulateViewport(1280, 760), chromedp.Focus("#new-chat", chromedp.ByQuery), pressEnter(0))
	unfolded(true)
	ann.focused("chat-name")
	ann.do(typeIn("#chat-name", "nobody-here"), pressEnter(0))
	ann.saysOf("#chat-open-error", "No account with that name.")
	ann.shoot("new-chat-refused")
	ann.do(chromedp.KeyEvent(kb.Escape))
	unfolded(false)
	ann.focused("new-chat")
	ann.do(pressEnter(0))
	ann.is("it begins without the old name", `document.querySelector("#chat-name").value +
		document.querySelector("#chat-open-error").innerText === ""`)

	// The answer of the search makes room for it.
	ann.do(typeIn("#search", "walrus"))
	ann.saysOf("#search-note", "No results for “walrus”. Try other words, or fewer.")
	ann.do(chromedp.WaitNotVisible("#chats-list", chromedp.ByQuery),
		chromedp.Click("#new-chat", chromedp.ByQuery))
	unfolded(true)
	ann.do(chromedp.WaitNotVisible("#search-note", chromedp.ByQuery),
		typeIn("#chat-name", "bob"), pressEnter(0))
	ann.isAt("bob", "")
	unfolded(false)
	ann.noErrors("status of 404")
}

// On a phone the chats are a page of their own. Back, the arrow and a chat that
// is opened close it; Escape closes the form first.
func TestChatsOnPhone(t *testing.T) {
	t.Parallel()
	all := people(t, 2, "ann", "bob")
	ann := all[0]
	open := func(width int64) {
		t.Helper()
		ann.do(chromedp.EmulateViewport(width, 720), chromedp.Evaluate(paints, nil, awaited),
			chromedp.Click("#chats-button", chromedp.ByQuery), chromedp.WaitVisible("#chats-list", chromedp.ByQuery),
			chromedp.Poll(`document.getAnimations().every(a => a.playState !== "running")`, nil))
		ann.isAt("livechat", "chats")
	}
	for _, width := range []int64{320, 390, 640} {
		open(width)
		ann.is("it fills the window", `(box => box.left === 0 && box.top === 0 && box.width === innerWidth &&
			box.height === innerHeight)(document.querySelector("#chats").getBoundingClientRect())`)
		ann.is("the arrow is at the left, for a finger",
			`(box => box.right < 60 && box.width >= 44 && box.height >= 44)(
			document.querySelector("#chats-close").getBoundingClientRect())`)
		ann.goes(-1)
		ann.isAt("livechat", "")
	}
	open(390)
	ann.do(chromedp.Click("#new-chat", chromedp.ByQuery))
	ann.focused("chat-name")
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.focused("new-chat")
	ann.isAt("livechat", "chats")
	ann.do(chromedp.Click("#chats-close", chromedp.ByQuery))
	ann.isAt("livechat", "")
	open(390)
	ann.beginsChat("bob")
	ann.isAt("bob", "")
	ann.noErrors()
}
