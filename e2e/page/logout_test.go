package page

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
)

// noMessageGoesOut blocks the page's private messages on their way to the
// server, and nothing else.
const noMessageGoesOut = `(fetch => { window.fetch = (...args) => args[1]?.method === 'POST' && String(args[0]).includes('/messages/')
	? Promise.reject(new TypeError('no network')) : fetch(...args); window.letOut = () => { window.fetch = fetch } })(window.fetch)`

// everythingKept returns all that the page has in the browser's storage.
const everythingKept = `new Promise((resolve, reject) => {
	const opening = indexedDB.open('livechat')
	opening.onerror = reject
	opening.onsuccess = () => {
		const reading = opening.result.transaction('unsent').objectStore('unsent').getAll()
		reading.onsuccess = () => {
			opening.result.close()
			resolve(JSON.stringify([reading.result, {...localStorage}, {...sessionStorage}]))
		}
	}
})`

// keepsNothingOf waits until nothing in the browser's storage matches the
// pattern.
func (w *window) keepsNothingOf(pattern string) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, "nothing of "+pattern+" is kept", func() error {
		var found bool
		w.do(chromedp.Evaluate(everythingKept+`.then(all => /`+pattern+`/.test(all))`, &found,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		return harness.ErrIf(found)
	})
}

// entersAs logs in on the card as another user.
func (w *window) entersAs(name string) {
	w.t.Helper()
	w.do(chromedp.Click("#account-open-login", chromedp.ByQuery),
		chromedp.WaitVisible("#account-submit", chromedp.ByQuery),
		chromedp.SetValue("#account-name", name, chromedp.ByQuery),
		typeIn("#account-password", testapi.Password),
		chromedp.Click("#account-submit", chromedp.ByQuery))
	w.state("connected")
}

// register creates accounts without a browser.
func register(t *testing.T, c *localcluster.Cluster, names ...string) (last *testapi.Person) {
	t.Helper()
	for _, name := range names {
		last = testapi.New(t, func() string { return "http://" + c.APIs[0].Addr })
		account := map[string]string{"name": name, "password": testapi.Password}
		if status, answer, err := last.Do(t.Context(), http.MethodPost, "/accounts/", account); err != nil ||
			status != http.StatusCreated {
			t.Fatalf("register %s: %d %v, %v", name, status, answer, err)
		}
	}
	return last
}

// A user who logs out is told what is unsent and leaves nothing of it in the
// browser, where the recipient logs in next.
func TestPageLogsOutWithUnsentMessages(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 1, API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	register(t, c, "bob")
	browser := browse(t)
	w := openStoryUser(t, browser, c, "ann")
	w.enters("#account-open-register")
	tab := openIn(t, browser, w.storage, "ann's other window", c.PageURL())
	tab.state("connected")
	w.do(chromedp.EmulateViewport(1280, 760))
	w.drafts("a secret for the room")
	w.beginsChat("bob")
	w.do(chromedp.WaitVisible(chatOf("bob")+` > [aria-current="true"]`, chromedp.ByQuery))
	w.do(chromedp.Evaluate(noMessageGoesOut, nil))
	w.say("a secret on its way")
	w.drafts("a secret that is begun")
	w.waitKept(1)

	words := "1 message and 2 drafts haven't been sent yet. Logging out deletes them."
	w.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#logout", chromedp.ByQuery),
		chromedp.Click("#logout", chromedp.ByQuery))
	w.saysOf("#unsent-note", words)
	w.shootAll("unsent")
	// cancelled
	w.do(chromedp.Click("#logout", chromedp.ByQuery),
		chromedp.WaitNotVisible("#unsent-note", chromedp.ByQuery),
		chromedp.Click("#logout-all", chromedp.ByQuery))
	w.saysOf("#unsent-note", words)
	w.do(chromedp.Click("#unsent-confirm", chromedp.ByQuery))
	w.saysOf("#name-error", "You're logged out everywhere.")
	w.keepsNothingOf("secret|ann")
	tab.saysOf("#name-error", "You were logged out.")
	tab.keepsNothingOf("secret|ann")

	// Now the browser is bob's.
	w.entersAs("bob")
	w.do(chromedp.WaitVisible(chatOf("ann"), chromedp.ByQuery), chromedp.Evaluate("letOut()", nil),
		chromedp.Click(chatOf("ann")+" > button", chromedp.ByQuery),
		chromedp.WaitVisible(`#log[data-conversation]:not([data-conversation="room"])`, chromedp.ByQuery))
	w.say("hello, it is bob")
	w.sees([]string{"hello, it is bob"}, "sent", "delivered")
	w.keeps("")
	w.do(chromedp.Click("#chats-list > li[data-room] > button", chromedp.ByQuery),
		chromedp.WaitVisible(`#log[data-conversation="room"]`, chromedp.ByQuery))
	w.keeps("")

	// Nothing is unsent: the page does not ask.
	w.do(chromedp.Click("#account", chromedp.ByQuery), chromedp.WaitVisible("#logout", chromedp.ByQuery),
		chromedp.Click("#logout", chromedp.ByQuery))
	w.saysOf("#name-error", "You're logged out.")
	w.noErrors()
}

// A session ends elsewhere while messages are unsent. The user who logs in
// again finds them. If another user logs in, they are deleted.
func TestPageIsLoggedOutWithUnsentMessages(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, _ := startWithPage(t,
		localcluster.Options{Servers: 1, API: 1, Env: map[string]string{"REGISTER_RATE": "0"}})
	register(t, c, "bob")
	ann := register(t, c, "ann")
	w := openStoryUser(t, browse(t), c, "ann")
	w.entersAs("ann")
	w.do(chromedp.EmulateViewport(1280, 760))
	w.beginsChat("bob")
	w.do(chromedp.WaitVisible(chatOf("bob")+` > [aria-current="true"]`, chromedp.ByQuery))
	w.do(chromedp.Evaluate(noMessageGoesOut, nil))
	w.say("a secret on its way")
	w.waitKept(1)
	ends := func() {
		t.Helper()
		if status, answer, err := ann.Do(t.Context(), http.MethodPost, "/logout-everywhere/", nil); err != nil ||
			status != http.StatusNoContent {
			t.Fatalf("log ann out: %d %v, %v", status, answer, err)
		}
		w.saysOf("#name-error", "You were logged out.")
	}
	ends()
	w.waitKept(1)
	w.entersAs("ann")
	w.do(chromedp.Click(chatOf("bob")+" > button", chromedp.ByQuery))
	harness.Eventually(t, time.Minute, "what was not sent", func() error {
		all := w.messages()
		return harness.ErrIf(len(all) != 1 || all[0].Text != "a secret on its way")
	})
	if status, answer, err := ann.Do(t.Context(), http.MethodPost, "/login/",
		map[string]string{"name": "ann", "password": testapi.Password}); err != nil ||
		status != http.StatusOK {
		t.Fatalf("log ann in: %d %v, %v", status, answer, err)
	}
	ends()
	w.entersAs("bob")
	w.keepsNothingOf("secret|ann")
	w.noErrors("status of 401")
}
