package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"livechat/e2e/cluster"
	"livechat/internal/need"
)

// The page keeps its shape from 320 px to wide, in light and dark, and refuses a bad name in words.
func TestPageLooks(t *testing.T) {
	need.Program(t, "chromium")
	c, _ := startWithPage(t, cluster.Options{Servers: 2})
	browser := browse(t)
	w := openWindow(t, browser, strings.Repeat("x", 33), c.PageURL())
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery), chromedp.SendKeys("#name", w.name, chromedp.ByQuery), pressEnter(0),
		chromedp.Poll(`document.querySelector('#name-error').innerText !== ''`, nil))
	var message string
	w.do(chromedp.Text("#name-error", &message, chromedp.ByQuery))
	if !strings.Contains(message, "32") {
		t.Errorf("a name that is too long is refused with %q", message)
	}
	w.shoot("refused")
	w.do(chromedp.Evaluate(`document.querySelector("#name").value = ""`, nil))
	w.name = "ann"
	w.enter()
	var want []string
	for i := range 12 {
		want = append(want, fmt.Sprint("message ", i, strings.Repeat(" word", i*3)))
		w.say(want[i])
		w.shows(want...)
	}
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"wide-light", 1200, 800, "light"}, {"wide-dark", 1200, 800, "dark"}, {"narrow-light", 390, 844, "light"}, {"narrowest-dark", 320, 640, "dark"}} {
		w.do(chromedp.EmulateViewport(view.width, view.height),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}}))
		var overflow int
		w.do(chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow))
		if overflow > 0 {
			t.Errorf("%s: the page is %d px wider than the window", view.name, overflow)
		}
		w.shoot(view.name)
	}
	w.calm()
}
