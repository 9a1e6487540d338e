package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// Before joining, the card says who is in the room and how long messages are
// archived, and on the first visit what this is. Only one of the servers knows
// names: the other has no clients in the room.
func TestCardShowsWhoIsThere(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 2, Env: map[string]string{"ARCHIVE_AGE": "720h", "BALANCE": "false"}})
	browser := browse(t)
	w := openWindow(t, browser, "zoe", c.PageURL())
	w.saysOf("#join-count", "No one's here yet. Be the first.")
	w.saysOf("#join-kept", "What you say is public, and archived for 30 days.")
	w.is("nobody is drawn", `document.querySelector("#join-faces").children.length === 0`)
	w.looks("card-nobody")

	names := []string{"tomas", "ann", "bob"}
	harness.JoinAll(t, len(names), func(i int) client.Options {
		return client.Options{URL: "ws://" + c.Servers[1].Addr, Name: names[i]}
	})
	w.do(chromedp.Reload())
	w.tellsOf("#join-count", "3 people are here: .ann., .bob., .tomas.") // each isolated, for its script
	w.is("each has a circle",
		`[...document.querySelectorAll("#join-faces .avatar")].map(e => e.innerText).join("") === "ABT"`)
	w.is("what this is stands on the card", `document.querySelector("#join-about").offsetHeight > 0`)
	w.looks("card-people")
	more := make([]string, 5)
	for i := range more {
		more[i] = fmt.Sprint("guest-", i)
	}
	harness.JoinAll(t, len(more), func(i int) client.Options {
		return client.Options{URL: "ws://" + c.Servers[1].Addr, Name: more[i]}
	})
	w.do(chromedp.Reload())
	w.tellsOf("#join-count", "8 people are here: .ann., .bob., .guest-0. and 5 more")
	w.looks("card-more-people")

	w.enter()
	w.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.Click("#leave", chromedp.ByQuery),
		chromedp.WaitVisible("#subscribe", chromedp.ByQuery))
	w.is("a second visit needs no introduction", `document.querySelector("#join-about").offsetHeight === 0`)
	w.noErrors()
}
