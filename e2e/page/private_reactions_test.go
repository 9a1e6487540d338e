package page

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// In a private chat both react by mouse, see how many there are and who, and
// find them again after a reload. A deleted message has none.
func TestPrivateReactions(t *testing.T) {
	t.Parallel()
	ann, bob := privately(t)
	both := func(wantAnn, wantBob string) {
		t.Helper()
		ann.reacted(wantAnn)
		bob.reacted(wantBob)
	}
	bob.givesEmoji(1, "Thumbs up")
	both("👍1,,", "👍1*,,")
	ann.clicks(chip(1, "👍"))
	both("👍2*,,", "👍2*,,")
	ann.givesEmoji(3, "Party popper")
	both("👍2*,,🎉1*", "👍2*,,🎉1")

	bob.do(chromedp.MouseEvent(input.MouseMoved, 5, 5), hover(chip(1, "👍")))
	bob.saysOf("#who-reacted", "You and ann")
	bob.shootEach("private-reactions")
	bob.do(chromedp.EmulateViewport(1280, 760), chromedp.MouseEvent(input.MouseMoved, 5, 5))

	bob.clicks(chip(1, "👍"))
	both("👍1*,,🎉1*", "👍1,,🎉1")
	bob.reload()
	bob.goesTo("ann")
	bob.reacted("👍1,,🎉1")

	ann.bar(1, "remove")
	both(",,🎉1*", ",,🎉1")
	ann.noErrors()
	bob.noErrors()
}

// Without a network reactions to private messages wait, also over a reload; of
// several to one message the last counts.
func TestPrivateReactionsWithoutNetwork(t *testing.T) {
	t.Parallel()
	ann, bob := privately(t)
	ann.unplugged(true)
	ann.givesEmoji(2, "Thumbs up")
	ann.givesEmoji(3, "Party popper")
	ann.givesEmoji(3, "Party popper")
	ann.givesEmoji(3, "Party popper")
	ann.reacted(",👍1*,🎉1*")
	ann.waitKept(2)
	ann.unplugged(false)
	ann.reacted(",👍1*,🎉1*")
	bob.reacted(",👍1,🎉1")
	ann.waitKept(0)

	ann.do(chromedp.Evaluate(`window.fetch = () => new Promise(() => {}); 0`, nil)) // no answer comes
	ann.clicks(chip(3, "🎉"))
	ann.givesEmoji(1, "Heart")
	ann.reacted("❤️1*,👍1*,")
	ann.waitKept(2)
	ann.reload()
	ann.goesTo("bob")
	bob.reacted("❤️1,👍1,")
	ann.reacted("❤️1*,👍1*,")
	ann.waitKept(0)
	ann.noErrors("net::ERR_", "Failed to load resource")
	bob.noErrors()
}

// goesTo opens a chat of the list.
func (w *window) goesTo(name string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(chatOf(name), chromedp.ByQuery),
		chromedp.Click(chatOf(name)+" > button", chromedp.ByQuery))
}
