package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/client"
	"livechat/e2e/harness"
)

// The log can be read and used as a reader expects: by keyboard, when a
// message is long, past midnight, and with a link to one message.
func TestLog(t *testing.T) {
	t.Parallel()
	_, w := openAlone(t)
	w.do(chromedp.EmulateViewport(390, 844), chromedp.WaitVisible("#name", chromedp.ByQuery))
	w.waitFor(`parseFloat(getComputedStyle(document.querySelector("#name")).fontSize) >= 16`)
	w.enter()
	w.waitFor(`parseFloat(getComputedStyle(document.querySelector("#text")).fontSize) >= 16`)
	w.do(chromedp.EmulateViewport(1200, 800))

	long := strings.Repeat("a line\n", 80) + "the end"
	said := []string{"first", long, "see https://example.org/"}
	for _, text := range said {
		w.say(text)
	}
	w.do(chromedp.Poll(`document.querySelectorAll('#messages li[data-state="sent"]').length === 3`, nil))
	// one server: nothing to tell apart
	w.waitFor(`getComputedStyle(document.querySelector(".badge")).display === "none"`)

	// A long message shows its beginning, and all of it if asked.
	height := `document.querySelector("#messages li:nth-child(2)").offsetHeight`
	w.waitFor(height + ` < 700`)
	w.do(chromedp.Click(".more", chromedp.ByQuery))
	w.waitFor(height + ` > 1500`)
	w.do(chromedp.Click(".more", chromedp.ByQuery))
	w.waitFor(height + ` < 700`)

	// The log is one stop; arrows lead from message to message.
	w.waitFor(`document.querySelector("#messages a").tabIndex === -1`)
	w.do(chromedp.Focus("#log", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowUp))
	w.waitFor(`document.activeElement === document.querySelector("#messages").lastElementChild`)
	w.waitFor(`document.querySelector("#messages a").tabIndex === 0`)
	w.do(chromedp.KeyEvent(kb.Home))
	w.waitFor(`document.activeElement === document.querySelector("#messages").firstElementChild`)
	w.do(chromedp.Click("#messages li:first-child .copy-link", chromedp.ByQuery))
	w.waitFor(`document.querySelector("#log-note").innerText !== ""`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.waitFor(`document.activeElement.id === "text"`)
	w.do(chromedp.EmulateViewport(1200, 500),
		chromedp.Evaluate(`document.querySelector("#log").scrollTop = 1e6`, nil))
	w.waitFor(`(log => log.scrollTop + log.clientHeight > log.scrollHeight - 60)(
		document.querySelector("#log"))`)
	w.do(chromedp.KeyEvent(kb.PageUp))
	w.waitFor(`(log => log.scrollTop + log.clientHeight < log.scrollHeight - 100)(
		document.querySelector("#log"))`)

	// A link to a message leads to it.
	w.do(chromedp.Evaluate(`(li => { location.hash = "#m/" + li.dataset.seq + "/" + li.dataset.id })(
		document.querySelector("#messages li"))`, nil))
	w.waitFor(`document.activeElement === document.querySelector("#messages li") && location.hash === ""`)

	// Today becomes yesterday.
	w.waitFor(`document.querySelector("#messages .day").innerText === "Today"`)
	w.do(chromedp.Evaluate(`(now => { Date.now = () => now() + 24 * 3600 * 1000 })(Date.now.bind(Date))
		document.dispatchEvent(new Event("visibilitychange"))`, nil))
	w.waitFor(`document.querySelector("#messages .day").innerText === "Yesterday"`)
	w.noErrors()
}

// Older messages that cannot be loaded are offered again, and come when they
// can be.
func TestOlderMessagesFailAndComeLater(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	const speakers, each = 15, 16
	for i, m := range harness.JoinAll(t, speakers, func(i int) client.Options {
		return client.Options{URL: "ws://" + p.Addr + "/ws", Name: fmt.Sprint("guest ", i)}
	}) {
		for n := range each {
			if _, err := m.Send(t.Context(), fmt.Sprint(i, " says ", n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	w.enter()
	w.waitFor(`document.querySelectorAll("#messages li").length === 200`)
	w.do(network.SetBlockedURLs([]string{"*/messages/*"}))
	w.do(chromedp.Evaluate(`document.querySelector("#log").scrollTop = 0`, nil))
	w.do(chromedp.WaitVisible("#older-failed button", chromedp.ByQuery))
	w.do(network.SetBlockedURLs([]string{}))
	w.do(chromedp.Evaluate(`document.querySelector("#older-failed button").click()`, nil))
	w.waitFor(fmt.Sprintf(`document.querySelectorAll("#messages li").length === %d`, speakers*each))
	w.waitFor(`document.querySelector("#older-failed").hidden`)
	w.noErrors("ERR_BLOCKED_BY_CLIENT")
}
