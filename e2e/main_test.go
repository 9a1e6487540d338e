package e2e

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/internal/need"
)

// buildDir is where the server is built, by the first test that needs it.
var buildDir string

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "livechat-e2e-"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server builds the server once.
var server = sync.OnceValues(func() (string, error) {
	_, err := exec.LookPath("gcc")
	race := err == nil && os.Getenv("LIVECHAT_RACE") != "0"
	return cluster.Build(context.Background(), buildDir, race)
})

// quick are the settings of every cluster here: no limit on what a client sends, a drain that does not take ten seconds, and checks that forgive
// a machine which is busy with the other parts and the race detector.
var quick = map[string]string{
	"MESSAGE_RATE": "0", "DRAIN_DELAY": "100ms", "DRAIN_PERIOD": "200ms", "CHECK_TIMEOUT": "5s",
}

// start starts a cluster for one test, with o.Env over the quick settings.
func start(t *testing.T, o cluster.Options) *cluster.Cluster {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	if o.Nginx {
		need.Program(t, "nginx")
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	o.Binary = binary
	env := maps.Clone(quick)
	maps.Copy(env, o.Env)
	o.Env = env
	also := o.Log
	o.Log = func(part, line string) {
		logTo(t)(part, line)
		if also != nil {
			also(part, line)
		}
	}
	c, err := cluster.Start(within(t, time.Minute), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("stop the cluster: %v", err)
		}
	})
	return c
}

// logTo returns a log that shows with the test.
func logTo(t *testing.T) func(part, line string) {
	return func(part, line string) { fmt.Fprintf(t.Output(), "%s: %s\n", part, line) }
}

// within returns a context that ends with the test, at the latest after d.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until try returns nil, at most for d.
func eventually(t *testing.T, d time.Duration, what string, try func() error) {
	t.Helper()
	if err := cluster.Poll(within(t, d), func(context.Context) error { return try() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// dial opens a connection that the test's end closes.
func dial(t *testing.T, o client.Options) *client.Conn {
	t.Helper()
	conn, err := client.Dial(within(t, 20*time.Second), o)
	if err != nil {
		t.Fatalf("dial %s: %v", o.URL, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// await reads conn up to the next event of type E for which accept (nil: any) returns true.
func await[E client.Event](t *testing.T, conn *client.Conn, accept func(E) bool) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			t.Fatalf("wait for a %T: %v", *new(E), err)
		}
		if e, ok := event.(E); ok && (accept == nil || accept(e)) {
			return e
		}
	}
}

// say sends text from conn, waits for its ack, and returns its seq. Events that come meanwhile are dropped.
func say(t *testing.T, conn *client.Conn, text string) uint64 {
	t.Helper()
	if err := conn.Post(newID(), text); err != nil {
		t.Fatalf("send: %v", err)
	}
	return await[*client.Ack](t, conn, nil).Seq
}

// refusal dials and returns how the server refused.
func refusal(t *testing.T, o client.Options) *client.RefusedError {
	t.Helper()
	conn, err := client.Dial(within(t, 20*time.Second), o)
	if err == nil {
		conn.Close()
		t.Errorf("%+v was accepted", o)
		return &client.RefusedError{Status: http.StatusSwitchingProtocols}
	}
	return asRefused(t, err)
}
