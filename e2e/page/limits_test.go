package page

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// tellsOf waits until the element shows a text that matches the pattern.
func (w *window) tellsOf(selector, pattern string) {
	w.t.Helper()
	w.waitFor(fmt.Sprintf(`/^%s$/.test(document.querySelector(%q)?.innerText)`, pattern, selector))
}

// shootCard takes screenshots of the card on a desktop and on a phone, in both
// themes.
func (w *window) shootCard(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		w.do(prefers(scheme))
		for width, height := range map[int64]int64{1280: 760, 390: 844} {
			w.do(chromedp.EmulateViewport(width, height),
				chromedp.Poll(`document.getAnimations().length === 0`, nil))
			w.fits(fmt.Sprint(name, " at ", width))
			w.shoot(fmt.Sprint(name, "-", width, "-", scheme))
		}
	}
}

// When a limit is exceeded, the page says which one and how long to wait.
func TestPageNamesExceededLimit(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t, localcluster.Options{Servers: 1, API: 1, Env: map[string]string{
		"REGISTER_RATE": "0.001", "REGISTER_BURST": "2", "POST_RATE": "0.01", "POST_BURST": "2",
	}})
	bob := register(t, c, "bob")
	browser := browse(t)
	ann := openStoryUser(t, browser, c, "ann")
	ann.enters("#account-open-register")

	// On the card: new accounts, and attempts to log in.
	card := openWindow(t, browser, "cay", c.PageURL())
	card.do(chromedp.Click("#account-open-register", chromedp.ByQuery),
		typeIn("#account-name", card.name),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	card.tellsOf("#account-error", `Too many new accounts from this network\. Try again in \d+ minutes\.`)
	card.shootCard("too-many-accounts")
	harness.Eventually(t, time.Minute, "too many attempts to log in", func() error {
		status, _, err := bob.Do(t.Context(), http.MethodPost, "/login/",
			map[string]string{"name": "bob", "password": "not the one"})
		if err != nil {
			t.Fatal(err)
		}
		return harness.ErrIf(status != http.StatusTooManyRequests)
	})
	card.do(chromedp.Click("#account-other", chromedp.ByQuery),
		chromedp.SetValue("#account-name", "bob", chromedp.ByQuery),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	card.tellsOf("#account-error", `Too many attempts to log in\. Try again in \d+ seconds\.`)
	card.shootCard("too-many-logins")
	card.noErrors("status of 429")

	// In a chat: messages, and chats.
	ann.do(chromedp.EmulateViewport(1280, 760))
	ann.beginsChat("bob")
	ann.do(chromedp.WaitVisible(chatOf("bob")+` > [aria-current="true"]`, chromedp.ByQuery))
	ann.say("this one arrives")
	ann.do(chromedp.WaitVisible(`#messages li[data-state="delivered"]`, chromedp.ByQuery))
	ann.say("this one is too much")
	ann.tellsOf("#messages .failed .why",
		`Not sent: too many messages in a short time; wait \d+ (seconds?|minutes)\.`)
	ann.beginsChat("bob")
	ann.tellsOf("#chat-open-error",
		`Too many messages and new chats in a short time\. Try again in \d+ (seconds?|minutes)\.`)
	ann.shootAll("too-many-messages")
	ann.noErrors("status of 429")
}
