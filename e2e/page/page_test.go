package page

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// startWithPage starts a cluster whose page reaches the room through a wire.
func startWithPage(t *testing.T, o localcluster.Options) (*localcluster.Cluster, *wire) {
	t.Helper()
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	cable := newWire(t, host)
	o.Nginx, o.Page = true, host+":"+ports[0]
	_, o.SocketPort, _ = strings.Cut(cable.listener.Addr().String(), ":")
	c := harness.Start(t, o)
	cable.connectTo(c.HAProxy.Addr)
	return c, cable
}

func TestTwoWindows(t *testing.T) {
	t.Parallel()
	need.Program(t, "chromium")
	c, cable := startWithPage(t, localcluster.Options{})
	browser := browse(t)
	ann, bob := openWindow(t, browser, "ann", c.PageURL()), openWindow(t, browser, "bob", c.PageURL())
	ann.do(chromedp.WaitVisible("#subscribe", chromedp.ByQuery))
	ann.shoot("join")
	ann.enter()
	bob.enter()

	// They chat.
	ann.say("hello bob")
	bob.shows("hello bob")
	bob.do(typeIn("#text", "hello ann"),
		chromedp.Click("#send", chromedp.ByQuery))
	ann.shows("hello bob", "hello ann") // or her next message may come first
	ann.do(chromedp.Focus("#text", chromedp.ByQuery), input.InsertText("<b>not bold</b> &"),
		pressEnter(input.ModifierShift))
	ann.say("https://example.com/?a=1")
	said := []string{"hello bob", "hello ann", "<b>not bold</b> &\nhttps://example.com/?a=1"}
	for _, w := range []*window{ann, bob} {
		all := w.shows(said...)
		if all[0].App == all[1].App || all[0].Own != (w == ann) || all[1].Own != (w == bob) {
			t.Errorf("%s sees %+v, want two servers and its own messages marked", w.name, all)
		}
		w.do(chromedp.WaitVisible(`//*[@id="people-count" and text()="2"]`, chromedp.BySearch))
	}
	ann.shoot("room")
	ann.noErrors()
	bob.noErrors()

	// Bob reloads and continues in the same place.
	bob.do(chromedp.Reload())
	bob.state("connected")
	bob.shows(said...)
	bob.noErrors()

	// Ann is offline for a while, and both go on writing. Bob's connection is
	// cut, too, which shows for a moment only.
	ann.unplugged(true)
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
		t.Errorf("offline, ann sees %+v, want her message as sending", all)
	}
	ann.unplugged(false)
	ann.state("connected")
	said = append(said, "written offline")
	ann.shows(said...)
	bob.shows(said...)
	ann.noErrors("WebSocket connection to", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_RESET")
	bob.noErrors("WebSocket connection to")

	// Ann's server is killed.
	var label string
	ann.do(chromedp.Text("#state", &label, chromedp.ByQuery))
	killed := slices.IndexFunc(c.Servers,
		func(s *localcluster.Part) bool { return strings.Contains(label, s.Name) })
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
	ann.noErrors("WebSocket connection to")
	bob.noErrors("WebSocket connection to")
	if all := ann.messages(); all[len(all)-1].App == c.Servers[killed].Name {
		t.Errorf("a killed server accepted %+v", all[len(all)-1])
	}
}
