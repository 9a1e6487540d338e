package page

import (
	"testing"

	"livechat/internal/localcluster"
)

// Edits survive a killed server, no network and reloads: each is in the log
// once, and meanwhile the page shows that it is on its way.
func TestEditsOverFaults(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	s.bob.waitFor(`document.querySelectorAll("#messages > li").length === 2`)
	texts := func(text string) {
		t.Helper()
		for _, w := range []*window{s.ann, s.bob} {
			w.becomes(`document.querySelector("#messages .text")?.innerText === "` + text +
				`" && !document.querySelector("[data-changing]")`)
		}
	}
	edit := func(text string) {
		t.Helper()
		s.ann.bar(1, "change")
		s.ann.becomes(isEditing)
		s.ann.types(text)
		s.ann.do(pressEnter(0))
	}

	victim := s.serverOf(s.ann)
	s.kill(victim)
	edit("through a killed server")
	texts("through a killed server")
	s.startAgain(victim)

	s.ann.unplugged(true)
	s.cable.cut()
	s.ann.tells("offline", "offline")
	edit("offline")
	s.ann.waitFor(`document.querySelector("[data-changing] .text")?.innerText === "offline"`)
	s.ann.tells("offline", "1 unsent")
	s.ann.shootBoth("edited-offline")
	s.ann.unplugged(false)
	texts("offline")

	s.kill(s.c.HAProxy)
	s.ann.state("reconnecting")
	edit("over a reload")
	s.ann.waitKept(1)
	s.ann.reload()
	s.startAgain(s.c.HAProxy)
	texts("over a reload")
	s.ann.waitKept(0)
	for _, w := range []*window{s.ann, s.bob} {
		w.noErrors(append(brokenLink, "net::ERR_")...)
	}
}
