package rooms

import (
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
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A newcomer who runs `go run ./server` gets all of this.
func TestStandaloneServer(t *testing.T) {
	t.Parallel()
	p := harness.StartAlone(t)
	for path, part := range map[string]string{
		"/": "SUBSCRIBE", "/healthz": "", "/readyz": `"ready"`, "/version": `"go"`, "/config.json": "{}",
		"/js/main.js": "import",
	} {
		status, body, err := localcluster.Get(t.Context(), "http://"+p.Addr+path)
		if err != nil || status != http.StatusOK || !strings.Contains(body, part) {
			t.Errorf("%s: %d %.200s, %v, want 200 with %q", path, status, body, err, part)
		}
	}
	ann, bob := harness.Dial(t, client.Options{URL: "ws://" + p.Addr, Name: "ann"}), harness.Dial(t,
		client.Options{URL: "ws://" + p.Addr + "/ws", Name: "bob"})
	harness.Await[*client.Welcome](t, bob, nil)
	seq := harness.Say(t, ann, "hello")
	if m := harness.Await[*client.Message](t, bob, nil); m.Text != "hello" || m.Name != "ann" ||
		m.Seq != seq {
		t.Errorf("bob receives %+v", m)
	}
	late := harness.Dial(t, client.Options{URL: "ws://" + p.Addr})
	if m := harness.Await[*client.Message](t, late, nil); m.Seq != seq {
		t.Errorf("a late client receives %+v", m)
	}
	if err := p.Stop(harness.Within(t, time.Minute)); err != nil || p.ExitCode() != 0 {
		t.Errorf("it ended with %d, %v: %s", p.ExitCode(), err, p.Output())
	}
}

// A terminal that is closed stops the server as SIGTERM does: acked messages
// are archived.
func TestHangupStopsServerGracefully(t *testing.T) {
	t.Parallel()
	heard := make(chan os.Signal, 1)
	// under nohup the server would ignore the signal, as it should
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	p := harness.StartAlone(t)
	p.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "livechat.db"))
	restart := func() {
		t.Helper()
		if err := p.Stop(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(harness.Within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	ann := harness.Dial(t, client.Options{URL: "ws://" + p.Addr, Name: "ann"})
	for i := range 5 {
		harness.Say(t, ann, fmt.Sprint("message ", i))
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
	if err := p.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, body, err := localcluster.Get(t.Context(), "http://"+p.Addr+"/api/v1/rooms/livechat/messages/")
	if n := strings.Count(body, `"text":"message `); err != nil || n != 5 {
		t.Errorf("%d of 5 messages are archived, %v: %s", n, err, body)
	}
}
