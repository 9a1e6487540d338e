package page

import (
	"testing"

	"github.com/chromedp/chromedp"

	"livechat/internal/testapi"
)

// A guest finds what it wrote in the menu, and takes it back everywhere; who
// deletes an account chooses what becomes of its messages.
func TestMyData(t *testing.T) {
	t.Parallel()
	all := people(t, 1, "ann", "gus")
	ann, gus := all[0], all[1]
	const shown = `[...document.querySelectorAll("#messages .text")].map(e => e.innerText).join("; ")`
	ann.say("ann was here")
	gus.say("gus was here")
	for _, w := range all {
		w.becomes(shown + ` === "ann was here; gus was here"`)
	}
	ann.is("the entry of a guest, for an account", `document.querySelector("#my-data").hidden`)
	gus.do(chromedp.Click("#menu-button", chromedp.ByQuery), chromedp.WaitVisible("#my-data", chromedp.ByQuery),
		chromedp.Click("#my-data", chromedp.ByQuery), chromedp.WaitVisible("#my-data-erase", chromedp.ByQuery))
	gus.looks("my-data")
	gus.do(chromedp.Click("#my-data-download", chromedp.ByQuery))
	gus.saysOf("#my-data-note", "Downloaded.")
	gus.do(chromedp.Click("#my-data-erase", chromedp.ByQuery))
	gus.saysOf("#my-data-note", "This can't be undone. Press again to go ahead.")
	gus.looks("my-data-sure")
	ann.becomes(shown + ` === "ann was here; gus was here"`)
	gus.do(chromedp.Click("#my-data-erase", chromedp.ByQuery))
	gus.saysOf("#my-data-note", "It has begun, and takes some minutes.")
	for _, w := range all {
		w.becomes(`!` + shown + `.includes("gus was here")`)
	}

	ann.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.Click("#delete-account", chromedp.ByQuery),
		chromedp.WaitVisible("#delete-confirm", chromedp.ByQuery))
	ann.focused("delete-password")
	ann.looks("delete-choice")
	ann.do(chromedp.Click(`#delete-form [value="erase"]`, chromedp.ByQuery),
		typeIn("#delete-password", testapi.Password), chromedp.Click("#delete-confirm", chromedp.ByQuery))
	gus.becomes(`!` + shown + `.includes("ann was here")`)
	ann.saysOf("#account-error, #name-error", "Your account has been deleted. Your messages are being erased.")
	gus.noErrors()
}
