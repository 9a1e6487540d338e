package page

import (
	"context"
	"sync"
	"testing"
	"time"

	intercept "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// withoutWorker has the window ask the network, where a test may hold it up.
func (w *window) withoutWorker() {
	w.t.Helper()
	w.do(network.SetBypassServiceWorker(true))
}

// A message that is sent before its file can be shown waits for it.
func TestAttachBeforeItIsLoaded(t *testing.T) {
	t.Parallel()
	p, ann := enterAlone(t)
	ann.withoutWorker()
	letThrough := ann.holdsUp("*/js/files/strip.js*")
	ann.attaches(fileOf(t, "notes.txt", []byte("notes")))
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("look"), pressEnter(0))
	ann.is("it is not sent", `document.querySelectorAll("#messages li.message").length === 0`)
	letThrough()
	if all := archive(t, p, 1); all[0].Text != "look" || len(all[0].Files) != 1 {
		t.Errorf("the archive has %+v", all)
	}
	ann.hasAttached()
	ann.noErrors()
}

// A user who logs out is told of files that are only attached, and leaves none
// of them.
func TestAttachedAtLogout(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.registers()
	ann.attaches(fileOf(t, "secret.txt", []byte("secret")))
	ann.hasAttached("secret.txt: done")
	ann.do(chromedp.EmulateViewport(1280, 760), chromedp.Click("#account", chromedp.ByQuery),
		chromedp.WaitVisible("#logout", chromedp.ByQuery), chromedp.Click("#logout", chromedp.ByQuery))
	ann.saysOf("#unsent-note", "1 draft hasn't been sent yet. Logging out deletes it.")
	ann.do(chromedp.Click("#unsent-confirm", chromedp.ByQuery))
	ann.saysOf("#name-error", "You're logged out.")
	ann.keepsNothingOf("secret")
	ann.keepsNoFiles()
	ann.noErrors()
}

// keepsNoFiles waits until the browser has the bytes of no file.
func (w *window) keepsNoFiles() {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, "the bytes of no file are kept", func() error {
		var n int
		w.do(chromedp.Evaluate(`new Promise((resolve, reject) => {
			const opening = indexedDB.open('livechat-files')
			opening.onerror = reject
			opening.onsuccess = () => {
				const counting = opening.result.transaction('files').objectStore('files').count()
				counting.onsuccess = () => { opening.result.close(); resolve(counting.result) }
			}
		})`, &n, awaited))
		return harness.ErrIf(n != 0)
	})
}

// holdsUp keeps requests to addresses that match waiting until the returned
// function is called.
func (w *window) holdsUp(pattern string) (letThrough func()) {
	w.t.Helper()
	var over sync.Once
	through := make(chan struct{})
	w.intercepts(pattern, func(ctx context.Context, e *paused) chromedp.Action {
		select {
		case <-through:
			return intercept.ContinueRequest(e.RequestID)
		case <-ctx.Done():
			return nil
		}
	})
	return func() { over.Do(func() { close(through) }) }
}
