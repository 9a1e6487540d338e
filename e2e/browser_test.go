package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"livechat/e2e/cluster"
	"livechat/internal/need"
)

// browse starts a browser that the test's end stops.
func browse(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(need.Program(t, "chromium")), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1200, 800))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, quit := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil {
			t.Errorf("close the browser: %v", err)
		}
		quit()
		stop()
		chromedp.FromContext(allocator).Allocator.Wait()
	})
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return browser
}

// window is one person's browser window, with storage of its own.
type window struct {
	t    *testing.T
	name string
	ctx  context.Context

	mu       sync.Mutex
	troubles []string // what the console says went wrong
}

// openWindow opens url in a window of its own. chromedp can make a new storage, but no first window in it.
func openWindow(t *testing.T, browser context.Context, name, url string) *window {
	t.Helper()
	executor := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	storage, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		t.Fatalf("make a storage for %s: %v", name, err)
	}
	id, err := target.CreateTarget("about:blank").WithNewWindow(true).WithBrowserContextID(storage).WithWidth(1200).WithHeight(800).Do(executor)
	if err != nil {
		t.Fatalf("open a window for %s: %v", name, err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	w := &window{t: t, name: name, ctx: ctx}
	chromedp.ListenTarget(ctx, w.listen)
	if err := chromedp.Run(ctx); err != nil { // attaches; what it starts lives as long as its context
		t.Fatalf("attach to the window of %s: %v", name, err)
	}
	// Every window believes that it is the one in front, as those of several people on several machines are.
	w.do(log.Enable(), network.Enable(), emulation.SetFocusEmulationEnabled(true), chromedp.Navigate(url))
	return w
}

// listen collects everything that a developer would see in red or yellow: exceptions, errors, refusals by the content security policy.
func (w *window) listen(event any) {
	trouble := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			trouble = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
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

// do runs actions; each waits for what it needs on the page.
func (w *window) do(actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.t.Fatalf("%s: %v\nthe console: %q\nthe page: %s", w.name, err, w.troubles, w.lastSight())
	}
}

// lastSight returns what the page says, for a test that fails.
func (w *window) lastSight() (text string) {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText + ' ' + [...document.querySelectorAll('input, textarea')].map(e => e.id + '=' + e.value)`, &text))
	return text
}

// shoot saves a picture, for people to look at: go test -artifacts -outputdir DIR keeps it.
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
	Own: li.dataset.own !== undefined && li.dataset.own !== 'false', Text: li.querySelector('.text').innerText}))`

func (w *window) messages() []shown {
	w.t.Helper()
	var all []shown
	w.do(chromedp.Evaluate(readMessages, &all))
	return all
}

// shows waits until the window shows exactly these texts, each sent, with ascending seq.
func (w *window) shows(want ...string) []shown {
	w.t.Helper()
	var all []shown
	eventually(w.t, 20*time.Second, w.name+"'s window", func() error {
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
		if len(all[i].Seq) < len(all[i-1].Seq) || len(all[i].Seq) == len(all[i-1].Seq) && all[i].Seq <= all[i-1].Seq {
			w.t.Errorf("%s sees seq %s after %s", w.name, all[i].Seq, all[i-1].Seq)
		}
	}
	return all
}

// state waits until the page says that it is in that state.
func (w *window) state(kind string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(`#state[data-kind="`+kind+`"]`, chromedp.ByQuery))
}

// enter joins as a person would.
func (w *window) enter() {
	w.t.Helper()
	w.do(chromedp.WaitVisible("#name", chromedp.ByQuery), chromedp.SendKeys("#name", w.name, chromedp.ByQuery),
		chromedp.Click("#subscribe", chromedp.ByQuery))
	w.state("connected")
}

// say writes text, presses Enter, and checks that nothing is left in the field.
func (w *window) say(text string) {
	w.t.Helper()
	var left string
	w.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText(text), pressEnter(0),
		chromedp.Value("#text", &left, chromedp.ByQuery))
	if left != "" {
		w.t.Errorf("after Enter %s's field has %q", w.name, left)
	}
}

// pressEnter presses Enter as a keyboard does. chromedp's own SendKeys sends the character as an event of its own, which arrives even if
// the page has taken the key for itself.
func pressEnter(modifiers input.Modifier) chromedp.Action {
	key := func(kind input.KeyType) *input.DispatchKeyEventParams {
		return input.DispatchKeyEvent(kind).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13).WithModifiers(modifiers)
	}
	return chromedp.Tasks{key(input.KeyDown).WithText("\r"), key(input.KeyUp)}
}

// calm fails the test if the console complained, but for what the given parts of words allow.
func (w *window) calm(allowed ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, trouble := range w.troubles {
		if !slices.ContainsFunc(allowed, func(part string) bool { return strings.Contains(trouble, part) }) {
			w.t.Errorf("%s's console: %s", w.name, trouble)
		}
	}
	w.troubles = nil
}

// startWithPage starts a cluster whose page reaches the room through a wire.
func startWithPage(t *testing.T, o cluster.Options) (*cluster.Cluster, *wire) {
	t.Helper()
	host, ports, err := cluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	cable := newWire(t, host)
	o.Nginx, o.Page = true, host+":"+ports[0]
	_, o.SocketPort, _ = strings.Cut(cable.listener.Addr().String(), ":")
	c := start(t, o)
	cable.connectTo(c.HAProxy.Addr)
	return c, cable
}

func TestTwoWindows(t *testing.T) {
	need.Program(t, "chromium")
	c, cable := startWithPage(t, cluster.Options{})
	browser := browse(t)
	ann, bob := openWindow(t, browser, "ann", c.PageURL()), openWindow(t, browser, "bob", c.PageURL())
	ann.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery))
	ann.shoot("join")
	ann.enter()
	bob.enter()

	// They talk.
	ann.say("hello bob")
	bob.shows("hello bob")
	bob.do(chromedp.SendKeys("#text", "hello ann", chromedp.ByQuery), chromedp.Click("#send", chromedp.ByQuery))
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("<b>not bold</b> &"), pressEnter(input.ModifierShift))
	ann.say("https://example.com/?a=1")
	said := []string{"hello bob", "hello ann", "<b>not bold</b> &\nhttps://example.com/?a=1"}
	for _, w := range []*window{ann, bob} {
		all := w.shows(said...)
		if all[0].App == all[1].App || all[0].Own != (w == ann) || all[1].Own != (w == bob) {
			t.Errorf("%s sees %+v, want two servers, and to know its own", w.name, all)
		}
		w.do(chromedp.WaitVisible(`//*[@id="people-count" and text()="2"]`, chromedp.BySearch))
	}
	ann.shoot("room")
	ann.calm()
	bob.calm()

	// Bob reloads, and is back where he was.
	bob.do(chromedp.Reload())
	bob.state("connected")
	bob.shows(said...)
	bob.calm()

	// Ann is offline for a while; both go on writing; the link is cut under Bob too, who notices no more than a moment.
	ann.do(network.EmulateNetworkConditions(true, 0, -1, -1))
	cable.cut()
	ann.do(chromedp.WaitVisible(`#state:not([data-kind="connected"])`, chromedp.ByQuery))
	ann.say("written offline")
	ann.shoot("offline")
	for _, text := range []string{"are you there?", "ann?", "well, later"} {
		bob.say(text)
		said = append(said, text)
		bob.shows(said...)
	}
	if all := ann.messages(); len(all) != 4 || all[3].State != "sending" {
		t.Errorf("offline, ann sees %+v, want what she wrote as sending", all)
	}
	ann.do(network.EmulateNetworkConditions(false, 0, -1, -1))
	ann.state("connected")
	said = append(said, "written offline")
	ann.shows(said...)
	bob.shows(said...)
	ann.calm("WebSocket connection to", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_RESET")
	bob.calm("WebSocket connection to")

	// Ann's server is killed, whichever it is.
	var label string
	ann.do(chromedp.Text("#state", &label, chromedp.ByQuery))
	killed := slices.IndexFunc(c.Servers, func(s *cluster.Part) bool { return strings.Contains(label, s.Name) })
	if killed < 0 {
		t.Fatalf("the state says %q, which names no server", label)
	}
	if err := c.Servers[killed].Kill(); err != nil {
		t.Fatal(err)
	}
	ann.say("which server now?")
	said = append(said, "which server now?")
	ann.shows(said...)
	bob.shows(said...)
	ann.calm("WebSocket connection to")
	bob.calm("WebSocket connection to")
	if all := ann.messages(); all[len(all)-1].App == c.Servers[killed].Name {
		t.Errorf("a killed server took %+v", all[len(all)-1])
	}
}

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
