package page

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// clicks clicks an element once it has stayed in one place. On a busy machine it
// may still move after it was found, and the click hits what is there instead.
func (w *window) clicks(selector string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Evaluate(`window.wasAt = ""`, nil))
	// An animation that has not been painted yet moves nothing yet.
	w.waitFor(fmt.Sprintf(`(place => (window.wasAt === place) || (window.wasAt = place, false))(
		JSON.stringify(document.querySelector(%q).getBoundingClientRect())) &&
		!document.getAnimations().some(one => one.playState === "running" &&
			one.effect.getComputedTiming().endTime !== Infinity)`, selector))
	w.do(chromedp.Click(selector, chromedp.ByQuery))
}

// waitFor waits until an expression is true, even in a page that draws no
// frames.
func (w *window) waitFor(expression string) {
	w.t.Helper()
	met := false
	defer func() {
		if !met {
			w.t.Logf("the console: %q\nthe page: %s", w.troubles, w.lastSight())
		}
	}()
	harness.Eventually(w.t, time.Minute, w.name+": "+expression, func() error {
		var is bool
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		defer cancel()
		err := chromedp.Run(ctx, chromedp.Evaluate(expression, &is))
		if isAway(err) {
			return err
		}
		if err != nil {
			w.t.Fatalf("%s: %v", w.name, err)
		}
		return harness.ErrIf(!is)
	})
	met = true
}

// isAway reports whether an expression could not be evaluated because the window
// was on its way from one page to the next.
func isAway(err error) bool {
	return err != nil && slices.ContainsFunc([]string{
		"Inspected target navigated or closed", "Execution context was destroyed",
		"Cannot find context with specified id",
	}, func(part string) bool { return strings.Contains(err.Error(), part) })
}
