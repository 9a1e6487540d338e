package page

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// say writes text, presses Enter, and checks that the field is empty.
func (w *window) say(text string) {
	w.t.Helper()
	var left string
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(text), pressEnter(0),
		chromedp.Value("#text", &left, chromedp.ByQuery))
	if left != "" {
		w.t.Errorf("after Enter %s's field has %q", w.name, left)
	}
}

// typeIn types into a field. chromedp's SendKeys reads the field's attributes
// while another goroutine may write them, which the race detector reports.
func typeIn(field, text string) chromedp.Action {
	return chromedp.Tasks{
		chromedp.WaitVisible(field, chromedp.ByQuery), chromedp.Focus(field, chromedp.ByQuery),
		chromedp.KeyEvent(text),
	}
}

// pressEnter presses Enter as a keyboard does. chromedp's KeyEvent sends the
// character as a separate event, which arrives even if the page has handled the
// key.
func pressEnter(modifiers input.Modifier) chromedp.Action {
	key := func(kind input.KeyType) *input.DispatchKeyEventParams {
		return input.DispatchKeyEvent(kind).
			WithKey("Enter").
			WithCode("Enter").
			WithWindowsVirtualKeyCode(13).
			WithModifiers(modifiers)
	}
	return chromedp.Tasks{key(input.KeyDown).WithText("\r"), key(input.KeyUp)}
}

// sayByTouch writes text and sends it on a phone.
func (w *window) sayByTouch(text string) {
	w.t.Helper()
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(text),
		chromedp.Evaluate(`document.querySelector("#send").click()`, nil))
	w.shows(text)
}
