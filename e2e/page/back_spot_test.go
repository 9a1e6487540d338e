package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/internal/need"
)

// readSpot is the first message that is in view, and where it is.
const readSpot = `(box => {
	const li = [...document.querySelectorAll("#messages li.message")]
		.find(li => li.getBoundingClientRect().top >= box.top)
	return li.querySelector(".text").innerText + " at " + Math.round(li.getBoundingClientRect().top - box.top)
})(document.querySelector("#log").getBoundingClientRect())`

// stays waits until the log shows that place, and checks that it goes on doing
// so.
func (w *window) stays(place string) {
	w.t.Helper()
	w.waitFor(fmt.Sprintf(`%s === %q`, readSpot, place))
	w.do(chromedp.Evaluate(paints, nil, awaited))
	w.is("it stays", fmt.Sprintf(`%s === %q`, readSpot, place))
}

// Back from a hit of the search, and from a date, leads to where the reader was
// before; Forward leads there again.
func TestBackToSpot(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	server := startWithPast(t)
	w := openWindow(t, browse(t), "eve", "http://"+server.Addr+"/")
	w.enter()
	w.waitFor(`document.querySelectorAll("#messages li.message").length > 40`)
	spot := func() (at string) {
		t.Helper()
		w.do(chromedp.Evaluate(paints, nil, awaited), chromedp.Evaluate(readSpot, &at))
		return at
	}
	shows := func(text string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("#messages .text")].some(e => e.innerText === %q)`, text)
	}

	// From somewhere in the middle, over two hits that are far back.
	w.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop -= 700`, nil))
	before := spot()
	w.do(chromedp.Click("#search-button", chromedp.ByQuery),
		chromedp.WaitVisible("#search", chromedp.ByQuery))
	w.looksFor("walrus")
	w.waitFor(hits + ` === ` + fmt.Sprint(pastDays*perDay/100))
	hit := func(n int) {
		t.Helper()
		w.do(chromedp.Click(fmt.Sprintf(`#search-results > li:nth-last-child(%d) > button`, n), chromedp.ByQuery))
		w.waitFor(focusedText + fmt.Sprintf(` === "message %d, about a Walrus"`, n*100))
	}
	hit(1)
	hit(5)
	w.isAtPlace(1)
	there := spot()
	w.goes(-1)
	w.stays(before)
	w.isAtPlace(0)
	w.goes(1)
	w.stays(there)
	w.goes(-1)
	w.stays(before)

	// From the newest message to a date, and back to the end, where it sticks.
	// While the search closes, the log may still return to its place: a reader
	// scrolls until they are there.
	w.do(chromedp.Click("#finder-close", chromedp.ByQuery))
	w.becomes(`(document.querySelector("#log").scrollTop = 1e9) && ` +
		shows(fmt.Sprint("message ", pastDays*perDay)+", about a Walrus") +
		` && (log => log.scrollHeight - log.scrollTop - log.clientHeight < 2)(document.querySelector("#log"))`)
	end := spot()
	w.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#go-date", chromedp.ByQuery),
		chromedp.Click(`[data-day="beginning"]`, chromedp.ByQuery))
	w.becomes(shows("message 1"))
	w.isAt("livechat", "")
	w.isAtPlace(1)
	w.goes(-1)
	w.stays(end)
	w.say("the newest")
	w.becomes(shows("the newest") +
		` && (log => log.scrollHeight - log.scrollTop - log.clientHeight < 2)(document.querySelector("#log"))`)

	// A link to another message is followed in the page.
	var link, text string
	w.do(chromedp.Evaluate(`(li => location.origin + location.pathname + location.search +
		"#m/" + li.dataset.seq + "/" + li.dataset.id)(document.querySelector("#messages li.message"))`, &link),
		chromedp.Evaluate(`document.querySelector("#messages li.message .text").innerText`, &text))
	w.say("see " + link)
	w.becomes(`document.querySelector("#messages li.message:last-child .text a") !== null`)
	end = spot()
	w.do(chromedp.Evaluate(`document.querySelector("#messages li.message:last-child .text a").click()`, nil))
	w.waitFor(focusedText + fmt.Sprintf(` === %q`, text))
	w.goes(-1)
	w.stays(end)
	w.is("the address is as before", `location.hash === ""`)

	// On a phone the hit is chosen in a sheet.
	w.do(chromedp.EmulateViewport(390, 720), chromedp.Evaluate(paints, nil, awaited),
		chromedp.Evaluate(`document.querySelector("#log").scrollTop -= 900`, nil))
	before = spot()
	w.do(chromedp.Click("#search-button", chromedp.ByQuery))
	w.isAt("livechat", "finder")
	w.looksFor("walrus")
	w.waitFor(hits + ` === ` + fmt.Sprint(pastDays*perDay/100))
	hit(1)
	w.isAt("livechat", "")
	w.goes(-1)
	w.stays(before)
	w.noErrors()
}
