package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
)

// alone starts the embedded default: one process, nothing else.
func alone(t *testing.T) *cluster.Part {
	t.Helper()
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	p, err := cluster.Alone(binary, quick, logTo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := p.Start(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	return p
}

// What a newcomer gets from `go run ./server`.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	p := alone(t)
	for path, part := range map[string]string{"/": "SUBSCRIBE", "/healthz": "", "/readyz": `"ready"`, "/version": `"go"`, "/config.json": "{}", "/js/main.js": "import"} {
		status, body, err := cluster.Get(t.Context(), "http://"+p.Addr+path)
		if err != nil || status != http.StatusOK || !strings.Contains(body, part) {
			t.Errorf("%s: %d %.200s, %v, want 200 with %q", path, status, body, err, part)
		}
	}
	ann, bob := dial(t, client.Options{URL: "ws://" + p.Addr, Name: "ann"}), dial(t, client.Options{URL: "ws://" + p.Addr + "/ws", Name: "bob"})
	await[*client.Welcome](t, bob, nil)
	seq := say(t, ann, "hello")
	if m := await[*client.Message](t, bob, nil); m.Text != "hello" || m.Name != "ann" || m.Seq != seq {
		t.Errorf("bob hears %+v", m)
	}
	late := dial(t, client.Options{URL: "ws://" + p.Addr})
	if m := await[*client.Message](t, late, nil); m.Seq != seq {
		t.Errorf("who comes late hears %+v", m)
	}
	if err := p.Stop(within(t, 10*time.Second)); err != nil || p.ExitCode() != 0 {
		t.Errorf("it ended with %d, %v: %s", p.ExitCode(), err, p.Output())
	}
}

// A terminal that is closed ends the server as SIGTERM does: what was acknowledged is archived.
func TestHangup(t *testing.T) {
	t.Parallel()
	heard := make(chan os.Signal, 1)
	// or the server ignores it where the tests run under nohup, as it should
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	p := alone(t)
	p.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "livechat.db"))
	restart := func() {
		t.Helper()
		if err := p.Stop(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	ann := dial(t, client.Options{URL: "ws://" + p.Addr, Name: "ann"})
	for i := range 5 {
		say(t, ann, fmt.Sprint("message ", i))
	}
	for range 2 { // from the shell and from the kernel
		if err := p.Hangup(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-p.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	if p.ExitCode() != 0 {
		t.Errorf("it ended with %d: %s", p.ExitCode(), p.Output())
	}
	if err := p.Start(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	_, body, err := cluster.Get(t.Context(), "http://"+p.Addr+"/api/v1/rooms/livechat/messages/")
	if n := strings.Count(body, `"text":"message `); err != nil || n != 5 {
		t.Errorf("%d of 5 messages are archived, %v: %s", n, err, body)
	}
}

func TestEmbeddedPage(t *testing.T) {
	t.Parallel()
	p := alone(t)
	ann := openWindow(t, browse(t), "ann", "http://"+p.Addr+"/")
	ann.enter()
	ann.say("hello myself")
	ann.shows("hello myself")
	ann.calm()
}
