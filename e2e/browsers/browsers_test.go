package browsers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

func TestFirefox(t *testing.T) { talk(t, firefox) }

func TestWebKit(t *testing.T) { talk(t, webkit) }

const connected = `document.querySelector("#state")?.dataset.kind === "connected"`

// talk lets two users join, chat, reload and lose their server.
func talk(t *testing.T, start func(*testing.T) driver) {
	ann := &window{t: t, name: "ann", driver: start(t)}
	bob := &window{t: t, name: "bob", driver: start(t)}
	both := []*window{ann, bob}
	c := harness.Start(t, localcluster.Options{
		Servers: 2, Nginx: true, Env: map[string]string{"BALANCE": "false"},
	})
	for _, w := range both {
		w.do(navigate, "", map[string]any{"url": c.PageURL()}, nil)
		w.types("#name", w.name)
		w.becomes(`document.querySelector("#name").value === "` + w.name + `"`)
		w.shoot(w.name + "-card")
		w.click("#subscribe")
		w.becomes(connected)
	}

	// They chat.
	var said []string
	say := func(w *window, text string) {
		t.Helper()
		w.say(text)
		said = append(said, text)
	}
	agree := func() {
		t.Helper()
		for _, w := range both {
			w.shows(said)
		}
	}
	say(ann, "hello bob")
	agree()
	say(bob, "hello ann, see https://example.org/")
	agree()
	say(ann, "<b>not bold</b> & ünïcödé")
	agree()
	ann.becomes(`document.querySelector("#messages a").href === "https://example.org/"`)
	ann.becomes(`document.querySelector("#people-count").innerText === "2"`)
	ann.shoot("room")

	// Bob reloads, and is in the room again. What bob wrote is still marked as own.
	bob.do(refresh, "", map[string]any{}, nil)
	bob.becomes(connected)
	all := bob.shows(said)
	if all[0].Own || !all[1].Own {
		t.Errorf("after the reload bob sees %+v, want the second message as an own one", all)
	}
	say(bob, "back again")
	agree()

	// The servers are killed in turn. Whoever was there goes on at the other one,
	// without a reload.
	for _, w := range both {
		w.do(execute, "", map[string]any{"script": "window.sameAsEver = true", "args": []any{}}, nil)
	}
	for _, w := range both {
		var label string
		w.evaluate(`document.querySelector("#state").innerText`, &label)
		at := slices.IndexFunc(c.Servers,
			func(p *localcluster.Part) bool { return strings.Contains(label, " "+p.Name) })
		if at < 0 {
			t.Fatalf("%s's state says %q, which names no server", w.name, label)
		}
		if err := c.Servers[at].Kill(); err != nil {
			t.Fatal(err)
		}
		say(w, "which server now, "+w.name+"?")
		agree()
		say(ann, "ann is here")
		agree()
		say(bob, "bob, too")
		agree()
		if err := c.Servers[at].Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range both {
		w.becomes("window.sameAsEver")
		w.shoot(w.name + "-resumed")
	}
}
