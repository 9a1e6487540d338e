package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// Reactions survive a killed server, no network and reloads. Meanwhile the page
// shows them; of several to one message, the last counts.
func TestReactionsOverFaults(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	both := func(ann, bob string) {
		t.Helper()
		s.ann.reacted(ann)
		s.bob.reacted(bob)
	}
	victim := s.serverOf(s.ann)
	s.kill(victim)
	s.ann.givesEmoji(1, "Thumbs up")
	both("👍1*,", "👍1,")
	s.startAgain(victim)

	s.ann.unplugged(true)
	s.cable.cut()
	s.ann.tells("offline", "offline")
	s.ann.givesEmoji(2, "Party popper")
	s.ann.clicks(chip(2, "🎉"))
	s.ann.reacted("👍1*,")
	s.ann.givesEmoji(2, "Party popper")
	s.ann.clicks(chip(1, "👍"))
	s.ann.reacted(",🎉1*")
	s.ann.tells("offline", "2 unsent")
	s.ann.unplugged(false)
	both(",🎉1*", ",🎉1")

	s.kill(s.c.HAProxy)
	s.ann.state("reconnecting")
	s.ann.givesEmoji(1, "Thumbs up")
	s.ann.waitKept(1)
	s.ann.reload()
	s.startAgain(s.c.HAProxy)
	both("👍1*,🎉1*", "👍1,🎉1")
	s.ann.waitKept(0)
	for _, w := range []*window{s.ann, s.bob} {
		w.noErrors(append(brokenLink, "net::ERR_")...)
	}
}

// Two tabs of one guest are one person. A refused reaction is taken back.
func TestReactInTwoTabs(t *testing.T) {
	t.Parallel()
	one, two := openTwoTabs(t)
	one.givesEmoji(1, "Heart")
	two.reacted("❤️1*")
	two.clicks(chip(1, "❤️"))
	one.reacted("")
	two.givesEmoji(1, "Crying")
	one.reacted("😢1*")

	// A browser that has forgotten what it did is told by the server.
	one.do(chromedp.Evaluate(`localStorage.removeItem("livechat.reacted")`, nil))
	one.reload()
	one.reacted("😢1")
	one.do(hover(chip(1, "😢")))
	one.saysOf("#who-reacted", "You")
	one.reacted("😢1*")

	one.do(chromedp.Evaluate(`(send => { WebSocket.prototype.send = function (data) {
		send.call(this, data.replace("🎉", "party")) } })(WebSocket.prototype.send)`, nil))
	one.givesEmoji(1, "Party popper")
	one.reacted("😢1*")
	one.waitFor(`document.querySelector("#log-note").innerText.startsWith("Your reaction wasn't saved")`)
	one.noErrors()
	two.noErrors()
}

// Reactions of others move nothing where the reader is, and at the end the end
// stays in sight.
func TestReactionsMoveNothing(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	for n := range 30 {
		bob.say(fmt.Sprint("message ", n+1))
	}
	ann.waitFor(`document.querySelectorAll("#messages > li").length === 30`)
	ann.waitFor(below + ` < 2`)
	bob.givesEmoji(30, "Heart")
	bob.givesEmoji(29, "Heart")
	ann.waitFor(`document.querySelectorAll(".reactions").length === 2`)
	ann.is("the end is in sight", below+` < 2`)

	// Half of a message is above the upper edge: what grows there grows upwards.
	ann.do(chromedp.Evaluate(`{
		const log = document.querySelector("#log")
		const row = document.querySelector("#messages > li:nth-child(8) .row").getBoundingClientRect()
		log.scrollTop += row.top - log.getBoundingClientRect().top + row.height / 2
		window.here = document.querySelector("#messages > li:nth-child(10) .row")
	}`, nil), chromedp.Evaluate(paints, nil, awaited))
	var before, after int
	ann.do(chromedp.Evaluate(`Math.round(here.getBoundingClientRect().top)`, &before))
	for _, n := range []int{3, 8, 20} {
		bob.do(chromedp.ScrollIntoView(nth(n, ".text"), chromedp.ByQuery))
		bob.givesEmoji(n, "Heart")
	}
	ann.waitFor(`document.querySelectorAll(".reactions").length === 5`)
	ann.do(chromedp.Evaluate(`Math.round(here.getBoundingClientRect().top)`, &after))
	if after != before {
		t.Errorf("the message in the middle is at %d px, and was at %d", after, before)
	}
	ann.noErrors()
	bob.noErrors()
}

// A message has twenty kinds of reactions, which wrap on a narrow screen; the
// page says why there is no more. A visitor who comes later sees them, too.
func TestManyKindsOfReactions(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	bob := joinBob(t, p)
	ack, err := bob.Send(t.Context(), "everybody has an opinion")
	if err != nil {
		t.Fatal(err)
	}
	faces := "😀😃😄😁😆😅🤣😂🙂🙃" +
		"🫠😉😊😇🥰😍🤩😘😗😚"
	for _, emoji := range faces {
		target := client.Target{Seq: ack.Seq, ID: ack.ID}
		if err := bob.React(t.Context(), target, string(emoji), true); err != nil {
			t.Fatal(err)
		}
	}
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	ann.waitFor(`document.querySelectorAll(".reaction").length === 20`)
	ann.givesEmoji(1, "Heart")
	ann.saysOf("#log-note", "A message has at most 20 kinds of reactions.")
	ann.givesEmoji(1, "Tears of joy")
	ann.becomes(`document.querySelector('.reaction[data-emoji="😂"]').ariaLabel === "😂 2, you among them"`)
	for _, width := range []int64{1280, 390, 320} {
		ann.do(chromedp.EmulateViewport(width, 700))
		ann.fitsAcross("reactions")
		ann.is("none is cut off", `[...document.querySelectorAll(".reactions > button")].every(one =>
			(at => at.left >= 0 && at.right <= innerWidth)(one.getBoundingClientRect()))`)
		ann.shoot(fmt.Sprint("reactions-many-", width))
	}
	ann.do(emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}))
	ann.is("one's own stands out", `getComputedStyle(document.querySelector(".reaction[aria-pressed=true]"))
		.borderTopWidth === "2px"`)
	ann.shoot("reactions-forced")
	ann.noErrors()
}
