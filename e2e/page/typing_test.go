package page

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// A user who types in a private chat is shown to the other one, across servers:
// as dots in the open chat, and as a word in the list.
func TestTypingInPrivate(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c := harness.Start(t, localcluster.Options{API: 1, DB: testpg.New(t).Database(), Nginx: true})
	browser := browse(t)
	ann, bob := openStoryUser(t, browser, c, "ann"), openStoryUser(t, browser, c, "bob")
	ann.enters("#account-open-register")
	bob.enters("#account-open-register")
	ann.beginsChat("bob")
	ann.do(chromedp.WaitVisible(`#log:not([data-conversation="room"])`, chromedp.ByQuery))
	ann.say("hello")
	bob.do(chromedp.WaitVisible(chatOf("ann")+`[data-unread="1"]`, chromedp.ByQuery))

	// In the list, while another conversation is open.
	types := func(p *storyUser, see func() bool) {
		t.Helper()
		harness.Eventually(t, time.Minute, p.name+" is seen to type", func() error {
			p.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("x"))
			return harness.ErrIf(!see())
		})
	}
	sees := func(p *storyUser, expression string) func() bool {
		return func() (is bool) {
			p.do(chromedp.Evaluate(expression, &is))
			return is
		}
	}
	line := `document.querySelector('` + chatOf("ann") + ` .chat-line').innerText`
	types(ann, sees(bob, line+` === "typing…"`))
	bob.shootBoth("typing-list")
	bob.becomes(line + ` === "hello"`) // after a while

	// In the open chat, until the message comes.
	bob.do(chromedp.EmulateViewport(1280, 760), chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery))
	bob.sees([]string{"hello"})
	shown := `document.querySelector("#typing").innerText.trim()`
	types(ann, sees(bob, shown+` === "ann is typing…"`))
	bob.shoot("typing-chat")
	ann.do(pressEnter(0))
	bob.becomes(shown + ` === "" && document.querySelectorAll("#messages li").length === 2`)
	ann.is("nobody else is told", shown+` === ""`)
	ann.noErrors("401", "429")
	bob.noErrors("401")
}
