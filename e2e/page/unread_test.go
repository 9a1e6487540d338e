package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
)

// A user who comes back to the room finds a line above what came meanwhile, and
// the way to it, also after a reload.
func TestNewLine(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	bob := harness.JoinAll(t, 1, func(int) client.Options {
		return client.Options{URL: "ws://" + p.Addr + "/ws", Name: "bob"}
	})[0]
	says := func(from, to int) {
		for i := from; i <= to; i++ {
			if _, err := bob.Send(t.Context(), fmt.Sprint("message ", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := openWindow(t, browseInTabs(t), "ann", "http://"+p.Addr+"/")
	w.enter()
	shown := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll("#messages li").length === %d`, n)
	}
	says(1, 3)
	w.waitFor(shown(3))
	w.is("nothing is new", `!document.querySelector("#messages .new")`)

	tab := w.cover()
	says(4, 33)
	w.waitFor(shown(33))
	w.uncover(tab)
	w.waitFor(`document.querySelectorAll("#messages .new").length === 1`)
	line := `document.querySelector("#messages .new").parentElement
		.querySelector(".text").innerText === "message 4"`
	w.waitFor(line)
	w.saysOf("#unread", "30 new")

	// A message that was in view for a moment has not been seen, such as
	// between two parts of the history. No time passes meanwhile.
	w.do(chromedp.Evaluate(`(() => {
		window.now = performance.now.bind(performance)
		const then = now()
		performance.now = () => then
		document.querySelector("#messages .new").scrollIntoView()
	})()`, nil))
	w.waitFor(`document.querySelector("#unread").hidden`)
	w.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 1e6`, nil))
	w.waitFor(below + ` < 1`)
	w.saysOf("#unread", "30 new")
	w.do(chromedp.Evaluate(`performance.now = now`, nil))
	w.shootBoth("new-pill")
	w.do(chromedp.Click("#unread", chromedp.ByQuery))
	w.waitFor(`(({top, bottom}) => top > 56 && bottom < innerHeight)(
		document.querySelector("#messages .new").getBoundingClientRect())`)
	w.waitFor(`document.querySelector("#unread").hidden`)
	w.waitFor(`document.activeElement.innerText.includes("message 4")`)
	w.shootBoth("new-line")

	// Messages that came while nobody looked are new after a reload, too.
	w.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 1e6`, nil))
	w.waitFor(below + ` < 1`)
	tab = w.cover()
	says(34, 63)
	w.waitFor(shown(63))
	w.do(chromedp.Reload())
	w.uncover(tab)
	w.waitFor(`document.querySelector("#messages .new")?.parentElement
		.querySelector(".text").innerText === "message 34"`)
	w.saysOf("#unread", "30 new")
	w.say("so much")
	w.waitFor(`document.querySelector("#unread").hidden`)
	w.do(chromedp.Reload())
	w.waitFor(shown(64))
	w.is("all was seen", `!document.querySelector("#messages .new")`)
	w.noErrors()

	// Rows are laid out as they are once the burst is over: no time is cut.
	w.waitFor(`!document.querySelector("#messages").hasAttribute("data-busy")`)
}
