package page

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/internal/need"
)

// press presses a key on the whole page, as a keyboard does.
func (w *window) press(key, code string, modifiers input.Modifier) {
	w.t.Helper()
	event := func(kind input.KeyType) *input.DispatchKeyEventParams {
		return input.DispatchKeyEvent(kind).WithKey(key).WithCode(code).WithModifiers(modifiers)
	}
	down := event(input.KeyDown)
	if len(key) == 1 && modifiers&^input.ModifierShift == 0 {
		down = down.WithText(key)
	}
	w.do(down, event(input.KeyUp))
}

// The keys that work everywhere: the sheet that lists them, the search, the
// chats and the latest message; and never where they would be written.
func TestKeys(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	ws := people(t, 2, "ann", "bob")
	ann := ws[0]
	ann.do(chromedp.EmulateViewport(1280, 760))
	sheet := `document.querySelector("#keys-dialog").matches(":modal")`

	ann.focused("text")
	ann.press("?", "Slash", input.ModifierShift)
	ann.press("/", "Slash", 0)
	ann.becomes(field + `.value === "?/"`) // one writes
	ann.is("no sheet", "!"+sheet)
	ann.press("/", "Slash", input.ModifierCtrl)
	ann.becomes(sheet)
	ann.is("each key has its line", `document.querySelectorAll("#keys > li").length === 12`)
	ann.looks("keys")
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.becomes("!" + sheet)
	ann.focused("text")

	// In the log a character is the beginning of a message, but for these.
	ann.say("hello")
	ann.shows("?/hello")
	ann.do(chromedp.Focus("#messages li.message", chromedp.ByQuery))
	ann.press("?", "Slash", input.ModifierShift)
	ann.becomes(sheet)
	ann.goes(-1)
	ann.becomes("!" + sheet)
	ann.do(chromedp.Focus("#messages li.message", chromedp.ByQuery))
	ann.press("/", "Slash", 0)
	ann.focused("search")
	ann.is("nothing is typed", `document.querySelector("#search").value === "" && `+field+`.value === ""`)

	// From chat to chat.
	ann.beginsChat("bob")
	ann.isAt("bob", "")
	ann.press("ArrowUp", "ArrowUp", input.ModifierAlt)
	ann.isAt("livechat", "")
	ann.press("ArrowUp", "ArrowUp", input.ModifierAlt) // there is none above
	ann.press("ArrowDown", "ArrowDown", input.ModifierAlt)
	ann.isAt("bob", "")
	ann.press("ArrowUp", "ArrowUp", input.ModifierAlt)
	ann.isAt("livechat", "")

	// Escape leads to the latest message.
	for range 8 {
		ws[1].say("line\nline\nline\nline\nline\nline\nline")
	}
	ann.becomes(`document.querySelectorAll("#messages li.message").length === 9`)
	ann.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 0`, nil))
	ann.becomes(`!document.querySelector("#newer").hidden`)
	ann.press("Escape", "Escape", 0)
	ann.becomes(below + " < 2")

	// Single keys can be switched off.
	ann.press("/", "Slash", input.ModifierCtrl)
	ann.do(chromedp.Click("#single-keys", chromedp.ByQuery),
		chromedp.Click("#keys-dialog .close", chromedp.ByQuery),
		chromedp.Focus("#messages li.message", chromedp.ByQuery))
	ann.press("?", "Slash", input.ModifierShift)
	ann.becomes(field + `.value === "?"`)
	ann.is("no sheet", "!"+sheet)
	ann.noErrors()
}
