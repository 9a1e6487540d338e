package page

import (
	"context"
	"encoding/base64"
	"sync"

	intercept "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// paused is a request that waits for what becomes of it.
type paused = intercept.EventRequestPaused

// intercepts has answer say what becomes of each request whose address matches
// the pattern, until the test ends. It may wait, for as long as ctx lasts; a
// request with nil for an answer stays without one.
func (w *window) intercepts(pattern string, answer func(ctx context.Context, e *paused) chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	var answers sync.WaitGroup
	w.t.Cleanup(func() { cancel(); answers.Wait() })
	chromedp.ListenTarget(ctx, func(event any) {
		e, ok := event.(*paused)
		if !ok {
			return
		}
		answers.Go(func() {
			if action := answer(ctx, e); action != nil {
				_ = chromedp.Run(ctx, action)
			}
		})
	})
	w.do(intercept.Enable().WithPatterns([]*intercept.RequestPattern{{URLPattern: pattern}}))
}

// reply answers a request in place of the server.
func reply(e *paused, status int, kind string, body []byte) chromedp.Action {
	return intercept.FulfillRequest(e.RequestID, int64(status)).
		WithResponseHeaders([]*intercept.HeaderEntry{{Name: "Content-Type", Value: kind}}).
		WithBody(base64.StdEncoding.EncodeToString(body))
}

// refuse answers a request with a problem of that code.
func refuse(e *paused, status int, code string) chromedp.Action {
	return reply(e, status, "application/problem+json", []byte(`{"code":"`+code+`","detail":"No."}`))
}
