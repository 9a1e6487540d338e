package page

import (
	"context"
	"fmt"
	stdlog "log"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"livechat/internal/need"
)

// A browser takes as long to start as a short test takes to run, so tests pass
// them on, one test after the other. Nothing else is passed on: each window has
// its own storage, which ends with the test.

// testsPerBrowser is how many tests one browser serves, so that what it may
// lose of its memory stays small.
const testsPerBrowser = 20

// browser is a browser that runs.
type browser struct {
	program string
	ctx     context.Context
	stop    func() error
	tests   int // that have used it
}

// browsers are those that no test uses now.
var browsers struct {
	mu   sync.Mutex
	idle []*browser // guarded by mu
}

// browse returns a browser that nobody else uses until the test ends. It is
// Chromium without its own windows and tabs, where that is installed: the same
// engine takes a third of the processor's time.
func browse(t *testing.T) context.Context {
	t.Helper()
	program := need.Program(t, "chromium")
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil {
		program = shell
	}
	return lend(t, program)
}

// browseInTabs returns a browser whose windows have tabs, for pages that cover
// hides.
func browseInTabs(t *testing.T) context.Context {
	t.Helper()
	return lend(t, need.Program(t, "chromium"))
}

// lend takes the browser of this path until the test ends. One that a test has
// failed with is not used again.
func lend(t *testing.T, program string) context.Context {
	t.Helper()
	b := idleBrowser(program)
	if b == nil {
		b = launch(t, program)
	}
	b.tests++
	t.Cleanup(func() {
		if t.Failed() || b.tests == testsPerBrowser {
			if err := b.stop(); err != nil {
				t.Error(err)
			}
			return
		}
		browsers.mu.Lock()
		defer browsers.mu.Unlock()
		browsers.idle = append(browsers.idle, b)
	})
	return b.ctx
}

// idleBrowser takes an idle browser of this path; nil if there is none.
func idleBrowser(program string) *browser {
	browsers.mu.Lock()
	defer browsers.mu.Unlock()
	i := slices.IndexFunc(browsers.idle, func(b *browser) bool { return b.program == program })
	if i < 0 {
		return nil
	}
	b := browsers.idle[i]
	browsers.idle = slices.Delete(browsers.idle, i, i+1)
	return b
}

// stopBrowsers ends the idle browsers.
func stopBrowsers() {
	browsers.mu.Lock()
	defer browsers.mu.Unlock()
	for _, b := range browsers.idle {
		if err := b.stop(); err != nil {
			stdlog.Print(err)
		}
	}
	browsers.idle = nil
}

// launch starts the browser of this path.
func launch(t *testing.T, program string) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1200, 800))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, quit := chromedp.NewContext(allocator, chromedp.WithErrorf(logError))
	b := &browser{program: program, ctx: ctx, stop: func() (err error) {
		if err = chromedp.Cancel(ctx); err != nil {
			err = fmt.Errorf("close the browser: %w", err)
		}
		quit()
		stop()
		chromedp.FromContext(allocator).Allocator.Wait()
		return err
	}}
	if err := chromedp.Run(ctx); err != nil {
		_ = b.stop()
		t.Fatalf("start the browser: %v", err)
	}
	return b
}

// logError logs what goes wrong in chromedp, other than events of newer browsers
// that it does not know.
func logError(format string, args ...any) {
	if !strings.HasPrefix(format, "unhandled ") {
		stdlog.Printf(format, args...)
	}
}

// newStorage returns a storage of its own for windows. It ends with the test,
// and with it all windows and workers that use it.
func newStorage(t *testing.T, browser context.Context) cdp.BrowserContextID {
	t.Helper()
	executor := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	storage, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		t.Fatalf("create a storage: %v", err)
	}
	t.Cleanup(func() {
		if err := target.DisposeBrowserContext(storage).Do(executor); err != nil && !t.Failed() {
			t.Errorf("end a storage: %v", err)
		}
	})
	return storage
}
