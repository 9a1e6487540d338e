package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// patience bounds each step of a window. Four browsers that start at the same
// time on two busy cores have needed more than 20 s.
const patience = time.Minute

// window is one user's browser window.
type window struct {
	t    *testing.T
	name string
	ctx  context.Context

	browser context.Context
	storage cdp.BrowserContextID
	id      target.ID

	mu       sync.Mutex
	troubles []string // errors and warnings on the console
}

// openWindow opens url in its own window with its own storage.
func openWindow(t *testing.T, browser context.Context, name, url string) *window {
	t.Helper()
	return openIn(t, browser, newStorage(t, browser), name, url)
}

// openIn opens url in another window of a storage. chromedp can create a new
// storage, but no first window in it.
func openIn(t *testing.T, browser context.Context, storage cdp.BrowserContextID, name, url string) *window {
	t.Helper()
	executor := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	id, err := target.CreateTarget("about:blank").
		WithNewWindow(true).
		WithBrowserContextID(storage).
		WithWidth(1200).
		WithHeight(800).
		Do(executor)
	if err != nil {
		t.Fatalf("open a window for %s: %v", name, err)
	}
	w := &window{t: t, name: name, browser: browser, storage: storage, id: id}
	w.attach()
	w.do(chromedp.Navigate(url))
	return w
}

// attach begins to control the window and to read its console.
func (w *window) attach() {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(w.browser, chromedp.WithTargetID(w.id))
	w.t.Cleanup(cancel)
	w.ctx = ctx
	defer time.AfterFunc(patience, cancel).Stop()
	chromedp.ListenTarget(ctx, w.listen)
	if err := chromedp.Run(ctx); err != nil { // attaches; the listener lives as long as its context
		w.t.Fatalf("attach to the window of %s: %v", w.name, err)
	}
	// Every window believes that it is in front, as if each user had their own
	// machine.
	w.do(log.Enable(), network.Enable(), emulation.SetFocusEmulationEnabled(true))
}

// unmade matches what the console says of a room that nobody has made.
var unmade = regexp.MustCompile(`status of 404 .*/api/v1/rooms/[a-z0-9-]+/\)$`)

// listen collects everything that a developer would see in red or yellow:
// exceptions, errors, violations of the content security policy.
func (w *window) listen(event any) {
	trouble := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			trouble = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
		// The page asks whether somebody has made the room that is open.
		if unmade.MatchString(trouble) {
			return
		}
	case *runtime.EventExceptionThrown:
		trouble = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			trouble = fmt.Sprint("console: ", e.Type)
			for _, arg := range e.Args {
				trouble += " " + string(arg.Value)
			}
		}
	}
	if trouble != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.troubles = append(w.troubles, trouble)
	}
}

// do runs actions; each waits for the elements that it needs.
func (w *window) do(actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.t.Fatalf("%s: %v\nthe console: %q\nthe page: %s", w.name, err, w.troubles, w.lastSight())
	}
}

// lastSight returns the page's text, for a test that fails.
func (w *window) lastSight() (text string) {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	_ = chromedp.Run(
		ctx,
		chromedp.Evaluate(
			`document.body.innerText + ' ' +
				[...document.querySelectorAll('input, textarea')].map(e => e.id + '=' + e.value)`,
			&text,
		),
	)
	return text
}

// shoot saves a screenshot; go test -artifacts -outputdir DIR keeps it.
func (w *window) shoot(name string) {
	w.t.Helper()
	var png []byte
	w.do(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(w.t.ArtifactDir(), name+".png"), png, 0o600); err != nil {
		w.t.Error(err)
	}
}

// shown is a message as the page shows it.
type shown struct {
	Seq, ID, State, App, Text string
	Own                       bool
}

const readMessages = `[...document.querySelectorAll('#log li.message')].map(li => ({
	Seq: li.dataset.seq, ID: li.dataset.id, State: li.dataset.state, App: li.dataset.app,
	Own: li.dataset.own !== undefined && li.dataset.own !== 'false',
	Text: li.querySelector('.text').innerText}))`

func (w *window) messages() []shown {
	w.t.Helper()
	var all []shown
	w.do(chromedp.Evaluate(readMessages, &all))
	return all
}

// shows waits until the window shows exactly these texts, each sent, with
// ascending seq.
func (w *window) shows(want ...string) []shown {
	w.t.Helper()
	var all []shown
	harness.Eventually(w.t, time.Minute, w.name+"'s window", func() error {
		all = w.messages()
		var got []string
		for _, m := range all {
			if m.State != "sent" || m.Seq == "" {
				return fmt.Errorf("%+v is not sent", m)
			}
			got = append(got, m.Text)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("shows %q, want %q", got, want)
		}
		return nil
	})
	for i := 1; i < len(all); i++ {
		if len(all[i].Seq) < len(all[i-1].Seq) ||
			len(all[i].Seq) == len(all[i-1].Seq) && all[i].Seq <= all[i-1].Seq {
			w.t.Errorf("%s sees seq %s after %s", w.name, all[i].Seq, all[i-1].Seq)
		}
	}
	return all
}

// state waits until the page's state is of that kind.
func (w *window) state(kind string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(`#state[data-kind="`+kind+`"]`, chromedp.ByQuery))
}

// enter joins the room as a user does.
func (w *window) enter() {
	w.t.Helper()
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery),
		typeIn("#name", w.name),
		chromedp.Click("#subscribe", chromedp.ByQuery))
	w.state("connected")
}

// noErrors fails the test if the console has messages other than those that
// contain one of the allowed parts.
func (w *window) noErrors(allowed ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, trouble := range w.troubles {
		if !slices.ContainsFunc(
			allowed,
			func(part string) bool { return strings.Contains(trouble, part) },
		) {
			w.t.Errorf("%s's console: %s", w.name, trouble)
		}
	}
	w.troubles = nil
}

// openTwoTabs opens two tabs of one guest, who has said hello.
func openTwoTabs(t *testing.T) (one, two *window) {
	t.Helper()
	address := "http://" + harness.StartAlone(t).Addr + "/"
	one = openWindow(t, browse(t), "ann", address)
	one.enter()
	two = one.openTab(address)
	one.say("hello")
	two.shows("hello")
	return one, two
}
