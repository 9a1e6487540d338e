package page

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/client"
	"livechat/e2e/harness"
)

const (
	strip  = `document.querySelector("#reply")`
	newest = `document.querySelector("#messages li:last-child")`
)

// A message is answered: with a quote above the field, which Escape and the
// cross drop and a reload keeps, and in the bubble, from where a click leads to
// the message.
func TestReplies(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	bob.say("shall we meet at the old bridge, or is it too far for all of you who come by train?")
	ann.shows("shall we meet at the old bridge, or is it too far for all of you who come by train?")

	// The quote above the field.
	answer := chromedp.Tasks{
		chromedp.Focus("#messages li:first-child", chromedp.ByQuery),
		chromedp.Click("#messages li:first-child .actions .reply", chromedp.ByQuery),
	}
	const begun = `!` + strip + `.hidden && ` + strip + `.innerText.startsWith("Replying to bob") &&
		document.activeElement.id === "text" && ` + field +
		`.getAttribute("aria-describedby").includes("reply-quote")`
	ann.do(answer)
	ann.becomes(begun)
	ann.do(input.InsertText("a bridge"), chromedp.KeyEvent(kb.Escape))
	ann.becomes(strip + `.hidden && ` + field + `.value === "a bridge"`)
	ann.do(answer)
	ann.becomes(begun)
	ann.do(chromedp.Click("#reply button", chromedp.ByQuery))
	ann.becomes(strip + `.hidden && document.activeElement.id === "text"`)

	// It is kept over a reload, and as long as nothing can be sent.
	ann.do(answer)
	ann.becomes(begun)
	ann.do(chromedp.Reload(), chromedp.WaitVisible("#text", chromedp.ByQuery))
	ann.becomes(`!` + strip + `.hidden && ` + field + `.value === "a bridge"`)
	ann.state("connected")
	ann.shootBoth("reply-strip")
	ann.unplugged(true)
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(", yes"), pressEnter(0))
	const quoted = newest + `.querySelector(".quote")?.innerText`
	ann.becomes(strip + `.hidden && ` + quoted + `?.startsWith("bob")`)
	ann.unplugged(false)
	bob.waitFor(quoted + `?.startsWith("bob") === true && ` + newest +
		`.querySelector(".text").innerText === "a bridge, yes"`)
	bob.is("a screen reader says what it answers",
		newest+`.querySelector(".quote").getAttribute("aria-label").startsWith("In reply to bob: shall we meet")`)
	ann.waitFor(newest + `.dataset.state === "sent"`)
	ann.shootBoth("reply")

	// A click leads to the message, and Escape back.
	ann.do(chromedp.Click("#messages li:last-child .quote", chromedp.ByQuery))
	ann.becomes(`document.activeElement === document.querySelector("#messages li:first-child")`)
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.becomes(`document.activeElement === ` + newest)
	ann.noErrors("net::ERR_", "WebSocket")
}

// The message that is answered may be in the archive alone.
func TestReplyLeadsToTheArchive(t *testing.T) {
	t.Parallel()
	carol, w := entersPast(t, 3)
	long := client.ReplyTo(client.Target{Seq: 7, ID: pastID(7)})
	if _, err := carol.Send(t.Context(), "that was long ago", long); err != nil {
		t.Fatal(err)
	}
	w.waitFor(newest + `?.querySelector(".quote-text")?.innerText === "message 7"`)
	w.do(chromedp.Click("#messages li:last-child .quote", chromedp.ByQuery))
	w.becomes(focusedText + ` === "message 7"`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.becomes(focusedText + ` === "that was long ago"`)
	w.noErrors()
}
