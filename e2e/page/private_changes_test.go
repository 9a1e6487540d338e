package page

import (
	"encoding/json"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const chatLine = `document.querySelector("#chats-list .chat[data-chat] .chat-line").innerText`

// reads waits until the open conversation shows exactly these texts, none of
// them as one that waits to be changed.
func (w *window) reads(want ...string) {
	w.t.Helper()
	quoted, err := json.Marshal(want)
	if err != nil {
		w.t.Fatal(err)
	}
	w.becomes(`JSON.stringify([...document.querySelectorAll("#messages .text")].map(text => text.innerText)) ===
		JSON.stringify(` + string(quoted) + `) && !document.querySelector("#messages [data-changing]")`)
}

// privately opens two windows whose accounts have a chat, in which ann has said
// three things.
func privately(t *testing.T) (ann, bob *window) {
	t.Helper()
	all := people(t, 2, "ann", "bob")
	ann, bob = all[0], all[1]
	ann.beginsChat("bob")
	ann.isAt("bob", "")
	for _, text := range []string{"one pangolin", "two", "three"} {
		ann.say(text)
	}
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="3"]`, chromedp.ByQuery),
		chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.reads("one pangolin", "two", "three")
	ann.reads("one pangolin", "two", "three")
	return ann, bob
}

// In a private chat an author edits with ↑ and deletes from the bar, with five
// seconds to take that back. Both pages show it, also in the list of chats, and
// keep nothing of what is deleted.
func TestPrivateEditAndDelete(t *testing.T) {
	t.Parallel()
	ann, bob := privately(t)
	ann.types("")
	ann.do(chromedp.KeyEvent(kb.ArrowUp))
	ann.becomes(isEditing + ` && ` + field + `.value === "three"`)
	ann.types("three, at last")
	ann.do(pressEnter(0))
	for _, w := range []*window{ann, bob} {
		w.reads("one pangolin", "two", "three, at last")
		w.waitFor(`document.querySelectorAll("#messages .edited").length === 1`)
		w.waitFor(chatLine + `.includes("three, at last")`)
	}
	bob.do(chromedp.Click(nth(1, ".text"), chromedp.ByQuery))
	bob.is("nobody changes what others said",
		`document.querySelector("#messages .change").hidden && document.querySelector("#messages .remove").hidden`)

	ann.hesitates(true)
	ann.bar(1, "remove")
	ann.saysOf("#undo span", deleted)
	ann.shootEach("private-deleting")
	ann.do(chromedp.Click("#undo button", chromedp.ByQuery))
	ann.reads("one pangolin", "two", "three, at last")
	ann.hesitates(false)
	ann.bar(1, "remove")
	ann.reads(deleted, "two", "three, at last")
	bob.reads(deleted, "two", "three, at last")
	for _, w := range []*window{ann, bob} {
		w.keepsNothingOf("pangolin")
		w.is("it is not in the document", `!document.documentElement.outerHTML.includes("pangolin")`)
	}
	ann.bar(3, "remove")
	for _, w := range []*window{ann, bob} {
		w.reads(deleted, "two", deleted)
		w.waitFor(chatLine + ` === "` + deleted + `"`)
		w.shootEach("private-deleted-" + w.name)
	}
	bob.reload()
	bob.do(chromedp.WaitVisible(chatOf("ann"), chromedp.ByQuery),
		chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.reads(deleted, "two", deleted)
	ann.noErrors()
	bob.noErrors()
}

// Without a network changes of private messages wait, also over a reload, and
// are sent when it is back.
func TestPrivateChangesWithoutNetwork(t *testing.T) {
	t.Parallel()
	ann, bob := privately(t)
	ann.unplugged(true)
	ann.bar(2, "change")
	ann.becomes(isEditing)
	ann.types("two, edited away")
	ann.do(pressEnter(0))
	ann.waitFor(`document.querySelector("#messages > li:nth-child(2)").matches("[data-changing]")`)
	ann.waitKept(1)
	ann.unplugged(false)
	for _, w := range []*window{ann, bob} {
		w.reads("one pangolin", "two, edited away", "three")
	}
	ann.waitKept(0)

	ann.hesitates(true)
	ann.bar(1, "remove") // could be taken back for a minute
	ann.waitKept(1)
	ann.reload()
	bob.reads(deleted, "two, edited away", "three")
	ann.waitKept(0)
	ann.noErrors("net::ERR_", "Failed to load resource")
	bob.noErrors()
}

// A finger edits and deletes from the sheet of a message.
func TestPrivateChangesByTouch(t *testing.T) {
	t.Parallel()
	ann, bob := privately(t)
	ann.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateTouch, chromedp.EmulateMobile))
	ann.hold(nth(1, ".bubble"))
	ann.do(chromedp.WaitVisible("#message-sheet .change", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#message-sheet .change").click()`, nil))
	ann.becomes(isEditing)
	ann.types("one armadillo")
	ann.do(chromedp.Evaluate(`document.querySelector("#send").click()`, nil))
	bob.reads("one armadillo", "two", "three")
	ann.hold(nth(2, ".bubble"))
	ann.do(chromedp.WaitVisible("#message-sheet .remove", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#message-sheet .remove").click()`, nil))
	bob.reads("one armadillo", deleted, "three")
	ann.reads("one armadillo", deleted, "three")
	ann.noErrors()
	bob.noErrors()
}
