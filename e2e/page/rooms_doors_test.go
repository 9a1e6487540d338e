package page

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A room for accounts shows guests a door, through which they come by logging
// in. Its owner hands it over to a member, after a question.
func TestRoomIsHandedOver(t *testing.T) {
	t.Parallel()
	c, browser, ann := openOwner(t)
	ann.makesRoom("Tea club", "registered")

	bob := openWindow(t, browser, "bob", c.PageURL()+"?room=tea-club")
	bob.sized()
	bob.do(chromedp.WaitVisible("#name", chromedp.ByQuery), typeIn("#name", "bob"),
		chromedp.Click("#subscribe", chromedp.ByQuery))
	bob.sees("#door", "You need an account")
	bob.shootEach("door-accounts")
	bob.sized()
	bob.clicks("#door .primary")
	bob.do(chromedp.WaitVisible("#login-dialog", chromedp.ByQuery))
	bob.shootEach("door-login")
	bob.do(chromedp.KeyEvent(kb.Escape))
	bob.becomes(`document.activeElement.closest("#door") !== null`)

	ann.desk("invites")
	ann.clicks("#desk-page .form-foot .primary")
	var invite string
	ann.do(chromedp.WaitVisible("#invite-made", chromedp.ByQuery),
		chromedp.Value("#invite-made", &invite, chromedp.ByQuery), chromedp.KeyEvent(kb.Escape))
	bob.comesBy(invite, "Tea club")
	bob.say("hello")
	ann.shows("hello")

	const chooseOwner = `{
		const select = document.querySelector("#desk-page .members select")
		select.value = "owner"
		select.dispatchEvent(new Event("change"))
	}`
	const asked, roleOfBob = `#desk-page .question`, `document.querySelector("#desk-page .members select").value`
	ann.desk("people")
	ann.do(chromedp.Evaluate(chooseOwner, nil), chromedp.WaitVisible(asked, chromedp.ByQuery))
	ann.shootEach("room-hand-over")
	ann.sized()
	ann.clicks(asked + " button:not(.danger)")
	ann.becomes(`!document.querySelector("` + asked + `") && ` + roleOfBob + ` === "member"`)
	ann.do(chromedp.Evaluate(chooseOwner, nil))
	ann.clicks(asked + " .danger")
	ann.becomes(`!document.querySelector("#desk-page .members select")`) // no longer hers to change
	ann.do(chromedp.KeyEvent(kb.Escape))
	ann.sees(inRoster("bob"), "owner")
	ann.sees(nth(1, ".role"), "owner")
	bob.desk("people")
	bob.becomes(`document.querySelector("#desk-page .members select") !== null`)
	bob.do(chromedp.KeyEvent(kb.Escape))
	for _, w := range []*window{ann, bob} {
		w.noErrors()
	}
}
