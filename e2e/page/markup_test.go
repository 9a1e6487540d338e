package page

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/e2e/harness"
	"livechat/internal/need"
)

const markedText = "Release **today**, _really_: see **https://example.org/a_b**\n" +
	"> did the `make test` pass?\n> yes, *all* of it\n" +
	"- one: snake_case and 2*3*4 stay\n- two: `**no bold** https://example.org/`\n1. first\n2. second\n" +
	"```go\nfunc main() {\n\tfmt.Println(\"<b>hi</b> *there*\")\n}\n```\nand **this is not over"

// Markup in a text is seen, in elements and never as HTML; code can be copied,
// and the whole text as it was written.
func TestMarkup(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server, b := harness.StartAlone(t), browse(t)
	ann := openWindow(t, b, "ann", "http://"+server.Addr+"/")
	bob := openWindow(t, b, "bob", "http://"+server.Addr+"/")
	ann.do(chromedp.Evaluate(`navigator.clipboard.writeText = async text => { window.copied = text }`, nil))
	ann.enter()
	bob.enter()
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(markedText), pressEnter(0))
	bob.say("```\nls *\n```")
	ann.becomes(`document.querySelectorAll('#messages li.message[data-state="sent"] .text').length === 2`)

	const text = `document.querySelector("#messages .text")`
	for what, is := range map[string]string{
		"bold":         `[...%.querySelectorAll("strong")].map(e => e.textContent).join() === "today,https://example.org/a_b"`,
		"italic":       `[...%.querySelectorAll("em")].map(e => e.textContent).join() === "really,all"`,
		"a link":       `%.querySelectorAll("a").length === 1 && %.querySelector("strong > a").href === "https://example.org/a_b"`,
		"a quote":      `%.querySelector("blockquote").innerText === "did the make test pass?\nyes, all of it"`,
		"a list":       `%.querySelectorAll('[role="list"] [role="listitem"]').length === 4`,
		"its marks":    `[...%.querySelectorAll(".list-mark")].map(e => e.textContent).join("") === "••1.2."`,
		"code":         `%.querySelectorAll(":not(pre) > code")[1].textContent === "**no bold** https://example.org/"`,
		"a block":      `%.querySelector("pre").innerText === 'func main() {\n\tfmt.Println("<b>hi</b> *there*")\n}'`,
		"no HTML":      `!%.querySelector("b")`,
		"what is open": `%.innerText.endsWith("and **this is not over")`,
	} {
		ann.is(what, strings.ReplaceAll(is, "%", text))
	}
	ann.shootAll("markup")

	ann.do(chromedp.Evaluate(`document.querySelector("#messages .copy-code").click()`, nil))
	ann.saysOf("#log-note", "Code copied")
	var got string
	if ann.do(chromedp.Evaluate(`copied`, &got)); !strings.HasPrefix(got, "func main() {\n\tfmt") {
		t.Errorf("the code that was copied is %q", got)
	}
	ann.do(chromedp.Focus("#messages li.message", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#messages .actions .copy-text").click()`, nil))
	ann.saysOf("#log-note", "Text copied")
	if ann.do(chromedp.Evaluate(`copied`, &got)); got != markedText {
		t.Errorf("the text that was copied is %q", got)
	}

	// The button is a stop within its message alone.
	ann.do(chromedp.Focus("#text", chromedp.ByQuery))
	ann.is("it is none outside", `document.querySelector("#messages .copy-code").tabIndex === -1`)
	ann.do(chromedp.Focus("#messages li.message", chromedp.ByQuery), chromedp.KeyEvent(kb.Tab),
		chromedp.KeyEvent(kb.Tab))
	ann.becomes(`document.activeElement.matches("#messages .copy-code")`)

	// A long one is folded, whatever is in it.
	bob.say("```\n" + strings.Repeat("line\n", 60) + "```")
	ann.becomes(`document.querySelector("#messages li.folded pre")?.innerText.split("\n").length === 60`)
	ann.becomes(`document.querySelector("#messages li.folded .text").clientHeight < 700`)
	ann.noErrors()
	bob.noErrors()
}
