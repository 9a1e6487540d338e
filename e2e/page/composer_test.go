package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

// is fails the test if the expression is not true in the page.
func (w *window) is(what, expression string) {
	w.t.Helper()
	var is bool
	w.do(chromedp.Evaluate(expression, &is))
	if !is {
		w.t.Errorf("%s: not so: %s", w.name, what)
	}
}

// becomes waits until the expression is true in the page.
func (w *window) becomes(expression string) {
	w.t.Helper()
	w.do(chromedp.Poll(expression, nil))
}

const (
	below  = `(box => box.scrollHeight - box.scrollTop - box.clientHeight)(document.querySelector("#log"))`
	paints = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`
	field  = `document.querySelector("#text")`
)

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// drop sends an event with data as the browser does when the user drops or
// pastes it on the element, and tells whether the page prevented the default.
func drop(element, event, fill string) string {
	kind, data := "DragEvent", "dataTransfer"
	if event == "paste" {
		kind, data = "ClipboardEvent", "clipboardData"
	}
	return fmt.Sprintf(`(data => { %s; 
		return !%s.dispatchEvent(new %s(%q, {%s: data, bubbles: true, cancelable: true})) })(new DataTransfer())`,
		fill, element, kind, event, data)
}

const file = `data.items.add(new File(["x"], "x.png", {type: "image/png"}))`

func TestComposer(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAloneWith(t, map[string]string{"MAX_FILE": "0"})
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	emptied := chromedp.Evaluate(field+`.value = "", `+field+`.dispatchEvent(new Event("input"))`, nil)
	for i := range 8 {
		ann.say(fmt.Sprintf("%d\n2\n3\n4\n5", i))
	}
	ann.becomes(`document.querySelectorAll("#log li.message[data-state=sent]").length === 8`)

	// The log stays at its end while the field grows and shrinks.
	paint := chromedp.Evaluate(paints, nil, awaited)
	for range 5 {
		ann.do(pressEnter(input.ModifierShift), paint)
		var left float64
		if ann.do(chromedp.Evaluate(below, &left)); left > 1 {
			t.Errorf("the log's end is %v px away while the field grows", left)
		}
	}
	ann.do(input.InsertText("x"))

	// A narrow window needs a higher field.
	ann.do(chromedp.Evaluate(field+`.value = "word ".repeat(40).trim()`, nil), input.InsertText(" y"), paint)
	ann.do(chromedp.EmulateViewport(390, 844), paint)
	ann.becomes(field + `.clientHeight >= Math.min(` + field + `.scrollHeight, 150)`)
	ann.do(chromedp.EmulateViewport(1200, 800))
	ann.do(emptied)

	// Screen readers announce the counter only when the limit is near.
	ann.do(input.InsertText("a"))
	ann.is("no counter", field+`.getAttribute("aria-describedby") === "composer-note"`)
	ann.do(input.InsertText(strings.Repeat("b", 3850)))
	ann.is("a counter", field+`.getAttribute("aria-describedby").includes("counter")`)

	// A text without a visible character cannot be sent.
	ann.do(emptied, input.InsertText("\u200b\u3164"))
	ann.is("the button is off", `document.querySelector("#send").disabled`)
	ann.do(emptied)

	// Files cannot be sent to this server, nor a megabyte.
	ann.is("a file over the log is accepted by the page",
		drop(`document.querySelector("#log")`, "dragover", file))
	for _, at := range []string{`document.querySelector("#log")`, field} {
		ann.is("a dropped file is not opened", drop(at, "drop", file))
		ann.saysOf("#composer-note", "Pictures and files can't be sent here.")
		ann.do(input.InsertText("x"))
		ann.becomes(`document.querySelector("#composer-note").innerText === ""`)
	}
	ann.is("a pasted picture is refused", drop(field, "paste", file))
	ann.is("a pasted text is not", "!"+drop(field, "paste", `data.setData("text/plain", "hi")`))
	ann.is("a megabyte is refused", drop(field, "paste", `data.setData("text/plain", "x".repeat(1e6))`))
	ann.saysOf("#composer-note", "That's too much to paste: 4,000 characters at most.")
	ann.noErrors()
}

// Under a finger Enter breaks the line, and no keyboard comes up by itself.
func TestComposerOnPhone(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	p := harness.StartAlone(t)
	ann := openOnPhone(t, "http://"+p.Addr+"/")
	ann.is("the pointer is a finger", `matchMedia("(pointer: coarse)").matches`)
	ann.enterByTouch()
	ann.is("the field has no focus", `document.activeElement.id !== "text"`)
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("one"), pressEnter(0),
		input.InsertText("two"))
	ann.is("the line is broken", field+`.value === "one\ntwo"`)
	ann.do(chromedp.Evaluate(`document.querySelector("#send").click()`, nil))
	ann.shows("one\ntwo")
	ann.is("the field keeps the focus after sending", `document.activeElement.id === "text"`)
	ann.noErrors()
}
