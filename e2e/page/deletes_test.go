package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

const deleted = "Message deleted"

// hesitates makes the five seconds in which a deletion can be undone a minute,
// for a busy machine, or five seconds again.
func (w *window) hesitates(is bool) {
	w.t.Helper()
	w.do(chromedp.Evaluate(fmt.Sprintf(`{
		const set = window.plainTimeout ??= window.setTimeout
		window.setTimeout = (run, ms, ...rest) => set(run, %t && ms === 5000 ? 60000 : ms, ...rest)
	}`, is), nil))
}

// An author deletes messages: by mouse, by keyboard, and by an edit that leaves
// nothing. For a moment it can be undone. Nobody's page has the text any more.
func TestDeleteAMessage(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann, bob := openPair(t, "http://"+p.Addr+"/")
	all := []string{"one pangolin", "two", "three", "four", "five"}
	for _, text := range all[:4] {
		ann.say(text)
	}
	bob.shows(all[:4]...) // or "five" may come first
	bob.say("five")
	ann.shows(all...)
	bob.shows(all...)

	// By mouse, and undone.
	ann.hesitates(true)
	ann.do(chromedp.Focus("#text", chromedp.ByQuery))
	ann.bar(5, "copy-text")
	ann.is("nobody deletes what others said",
		`document.querySelector("#messages > li:nth-child(5) .remove").hidden`)
	ann.bar(1, "remove")
	ann.shows(deleted, "two", "three", "four", "five")
	ann.saysOf("#undo span", deleted)
	ann.is("a deleted message has no actions", `!document.querySelector("#messages > li:first-child .actions")`)
	ann.shootEach("deleting")
	ann.do(chromedp.Click("#undo button", chromedp.ByQuery))
	ann.shows(all...)
	ann.becomes(`!document.querySelector("#undo").hasAttribute("data-shown")`)
	ann.becomes(`document.activeElement.matches("#messages > li:first-child")`)

	// By keyboard: the next stop after the message takes it back. A user who
	// waits there has all the time.
	ann.do(chromedp.Focus("#messages > li:nth-child(2)", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#messages > li:nth-child(2) .remove").focus()`, nil),
		pressEnter(0))
	ann.becomes(`document.activeElement.matches("#messages > li:nth-child(2)")`)
	ann.do(chromedp.KeyEvent(kb.Tab))
	ann.becomes(`document.activeElement.matches("#undo button")`)
	ann.do(pressEnter(0))
	ann.shows(all...)

	// Not undone.
	ann.hesitates(false)
	ann.bar(1, "remove")
	for _, w := range []*window{ann, bob} {
		w.shows(deleted, "two", "three", "four", "five")
	}
	ann.waitFor(`!document.querySelector("[data-changing], #undo[data-shown]")`)
	ann.shootEach("deleted")
	for _, w := range []*window{ann, bob} {
		w.keepsNothingOf("pangolin")
		w.is("it is not in the document", `!document.documentElement.outerHTML.includes("pangolin")`)
	}

	// An edit that leaves nothing asks first.
	ann.types("")
	ann.do(chromedp.KeyEvent(kb.ArrowUp))
	ann.becomes(isEditing + ` && ` + field + `.value === "four"`)
	ann.do(chromedp.Evaluate(field+`.select()`, nil), chromedp.KeyEvent(kb.Delete), pressEnter(0))
	ann.saysOf("#composer-note", "Delete this message? Press Enter again, or Esc to keep it.")
	ann.shootEach("delete-asked")
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.becomes(`!(` + isEditing + `)`)
	ann.shows(deleted, "two", "three", "four", "five")
	ann.do(chromedp.KeyEvent(kb.ArrowUp))
	ann.becomes(isEditing)
	ann.do(chromedp.Evaluate(field+`.select()`, nil), chromedp.KeyEvent(kb.Delete), pressEnter(0), pressEnter(0))
	bob.shows(deleted, "two", "three", deleted, "five")

	// A delete is sent at once when the user leaves.
	ann.bar(3, "remove")
	ann.shows(deleted, "two", deleted, deleted, "five")
	ann.reload()
	for _, w := range []*window{ann, bob} {
		w.shows(deleted, "two", deleted, deleted, "five")
	}
	ann.waitFor(`!document.querySelector("[data-changing]")`)
	ann.noErrors()
	bob.noErrors()
}

// A finger deletes from the sheet, and takes it back.
func TestDeleteByTouch(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	w := openOnPhone(t, "http://"+p.Addr+"/")
	w.enterByTouch()
	w.sayByTouch("some words")
	for _, undo := range []bool{true, false} {
		w.hesitates(undo)
		w.hold("#messages .bubble")
		w.do(chromedp.WaitVisible("#message-sheet .remove", chromedp.ByQuery),
			chromedp.Evaluate(`document.querySelector("#message-sheet .remove").click()`, nil))
		w.saysOf("#undo span", deleted)
		w.is("a finger hits it", `document.querySelector("#undo button").offsetHeight >= 44`)
		if undo {
			w.do(chromedp.Evaluate(`document.querySelector("#undo button").click()`, nil))
			w.shows("some words")
		}
	}
	w.becomes(`!document.querySelector("[data-changing], #undo[data-shown]")`)
	w.shows(deleted)
	w.noErrors()
}

// Deletions survive a killed server, no network and reloads.
func TestDeletesOverFaults(t *testing.T) {
	t.Parallel()
	s := setScene(t, localcluster.Options{})
	s.says(s.ann, "second", "third")
	s.bob.waitFor(`document.querySelectorAll("#messages > li").length === 4`)
	gone := func(n int) {
		t.Helper()
		for _, w := range []*window{s.ann, s.bob} {
			w.becomes(fmt.Sprintf(`document.querySelectorAll("[data-deleted]:not([data-changing])").length === %d`, n))
		}
	}
	victim := s.serverOf(s.ann)
	s.ann.bar(1, "remove")
	s.kill(victim)
	gone(1)
	s.startAgain(victim)

	s.ann.unplugged(true)
	s.cable.cut()
	s.ann.tells("offline", "offline")
	s.ann.bar(3, "remove")
	s.ann.tells("offline", "1 unsent")
	s.ann.unplugged(false)
	gone(2)

	s.kill(s.c.HAProxy)
	s.ann.state("reconnecting")
	s.ann.bar(4, "remove")
	s.ann.waitKept(1)
	s.ann.reload()
	s.startAgain(s.c.HAProxy)
	gone(3)
	s.ann.waitKept(0)
	for _, w := range []*window{s.ann, s.bob} {
		w.noErrors(append(brokenLink, "net::ERR_")...)
	}
}

// One tab deletes what the other one is editing.
func TestDeleteInTwoTabs(t *testing.T) {
	t.Parallel()
	one, two := openTwoTabs(t)
	one.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("a draft"))
	one.bar(1, "change")
	one.becomes(isEditing)
	one.types("never saved")
	two.bar(1, "remove")
	one.shows(deleted)
	one.becomes(`!(` + isEditing + `) && ` + field + `.value === "a draft"`)
	one.saysOf("#composer-note", "That message was deleted, so you can't edit it any more.")
	one.shootBoth("deleted-while-edited")
	one.noErrors()
	two.noErrors()
}

// A deleted message does not count as new, and a search that had found it has
// it no more.
func TestDeletedIsNotNew(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	bob := joinBob(t, p)
	say := func(text string) client.Target {
		t.Helper()
		ack, err := bob.Send(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		return client.Target{Seq: ack.Seq, ID: ack.ID}
	}
	remove := func(target client.Target) {
		t.Helper()
		if _, err := bob.Delete(t.Context(), target); err != nil {
			t.Fatal(err)
		}
	}
	w := openWindow(t, browseInTabs(t), "ann", "http://"+p.Addr+"/")
	w.enter()
	found := say("a walrus")
	w.shows("a walrus")
	harness.Eventually(t, patience, "the archive has it", func() error {
		var n int
		w.do(chromedp.Evaluate(`fetch("/api/v1/search/?q=walrus&room=livechat")
			.then(r => r.json()).then(r => r.results?.length ?? 0)`,
			&n, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		return harness.ErrIf(n != 1)
	})
	w.do(chromedp.Click("#search-button", chromedp.ByQuery))
	w.looksFor("walrus")
	w.waitFor(hits + ` === 1`)
	tab := w.cover()
	second, third := say("second"), say("third")
	w.waitFor(`document.title.startsWith("(2)")`)
	if _, err := bob.Edit(t.Context(), third, "third, edited"); err != nil {
		t.Fatal(err)
	}
	w.waitFor(`document.querySelector("#messages > li:nth-child(3) .edited") !== null`)
	w.is("an edit is not new", `document.title.startsWith("(2)")`)
	remove(second)
	w.waitFor(`document.title.startsWith("(1)")`)
	w.waitFor(`document.querySelector("#messages .new")?.parentElement
		.querySelector(".text")?.innerText === "third, edited"`)
	remove(third)
	w.waitFor(`!document.title.startsWith("(") && !document.querySelector("#messages .new")`)
	remove(found)
	w.waitFor(hits + ` === 0`)
	w.uncover(tab)
	w.noErrors()
}
