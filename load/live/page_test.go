package live

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"livechat/internal/need"
	"livechat/load/record"
)

// browse opens the page of a server in Chromium.
func browse(t *testing.T, l *Server) (tab context.Context, seen func() (requests, errors []string)) {
	t.Helper()
	program := need.Program(t, "chromium")
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil {
		program = shell
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program),
		chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	tab, quit := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	tab, late := context.WithTimeout(tab, 5*time.Minute)
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab)
		late()
		quit()
		stop()
		chromedp.FromContext(allocator).Allocator.Wait()
	})
	var mu sync.Mutex
	var requests, errors []string
	chromedp.ListenTarget(tab, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			requests = append(requests, e.Request.URL)
		case *runtime.EventExceptionThrown:
			errors = append(errors, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			errors = append(errors, fmt.Sprint(e.Type, e.Args))
		}
	})
	if err := chromedp.Run(tab, network.Enable(), chromedp.Navigate("http://"+l.Addr()+"/")); err != nil {
		t.Fatal(err)
	}
	return tab, func() (_, _ []string) {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(requests), slices.Clone(errors)
	}
}

// The page shows the run, in both colours and all widths, and how it ended.
func TestPage(t *testing.T) {
	l := start(t)
	for n := 1; n <= 45; n++ {
		one := second(n, int64(5+n%7*3))
		one.Second.Connected = min(n*4, 40)
		if n > 20 && n < 25 {
			one.Second.Connected, one.Second.Delivered = 28, 300
		}
		if n == 20 {
			one.Marks = []record.Mark{{At: 20, Text: "killed: docker compose kill ws2 <b>"}}
		}
		l.Tell(one)
	}
	tab, seen := browse(t, l)
	do := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(tab, actions...); err != nil {
			t.Fatal(err)
		}
	}
	becomes := func(what, expression string) {
		t.Helper()
		if err := chromedp.Run(tab, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(0))); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	says := func(id, text string) {
		t.Helper()
		becomes(id+" says "+text,
			fmt.Sprintf(`document.getElementById(%q).textContent.includes(%q)`, id, text))
	}
	shoot := func(name string, schemes ...string) {
		t.Helper()
		for _, scheme := range schemes {
			for _, width := range []int64{390, 1280} {
				var png []byte
				do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
					{Name: "prefers-color-scheme", Value: scheme}}), chromedp.EmulateViewport(width, 900))
				becomes("the charts fit", `[...document.querySelectorAll("figure svg")].every(s =>
					Math.abs(s.viewBox.baseVal.width - s.getBoundingClientRect().width) < 3)`)
				becomes("the page is no wider than the window",
					`document.documentElement.scrollWidth <= innerWidth`)
				do(chromedp.FullScreenshot(&png, 100))
				file := fmt.Sprintf("%s-%d-%s.png", name, width, scheme)
				if err := os.WriteFile(filepath.Join(t.ArtifactDir(), file), png, 0o600); err != nil {
					t.Error(err)
				}
			}
		}
	}
	says("title", "kill · 40 clients · 20 messages a second")
	says("status", "Running: kill.")
	says("tiles", "clients40of 40")
	says("marks", "killed: docker compose kill ws2 <b>")
	becomes("six charts with lines", `document.querySelectorAll("figure path[d^=M]").length === 8`)
	becomes("charts have a name", `[...document.querySelectorAll("figure svg")].every(s =>
		s.getAttribute("aria-label").length > 20)`)
	shoot("live", "light", "dark")

	// It goes on by itself, unless it is paused.
	l.Tell(second(46, 5))
	becomes("a new row", `document.querySelector("#rows td").textContent === "46"`)
	do(chromedp.Focus("#pause"), chromedp.KeyEvent(" "))
	says("status", "paused")
	l.Tell(second(47, 5))
	becomes("it is known, but not drawn", `run.last.at === 47 &&
		document.querySelector("#rows td").textContent === "46"`)
	do(chromedp.KeyEvent(" "))
	becomes("the row", `document.querySelector("#rows td").textContent === "47"`)

	l.Finish(&record.Run{Complete: true, Verdict: []string{"2 deliveries were lost <i>"},
		Totals: record.Totals{Sent: 940, Acked: 940, Delivered: 37_598, Lost: 2}})
	says("status", "The run has ended and failed.")
	says("faults", "2 deliveries were lost <i>")
	becomes("no more is asked for", `source.readyState === EventSource.CLOSED`)
	shoot("ended", "dark")
	requests, errors := seen()
	for _, address := range requests {
		if !strings.HasPrefix(address, "http://"+l.Addr()+"/") {
			t.Errorf("the page asks for %s", address)
		}
	}
	if len(errors) > 0 || len(requests) == 0 {
		t.Errorf("errors %q, requests %q", errors, requests)
	}
}
