package harness

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// buildDir is where the first test that needs the server builds it.
var buildDir string

// Main runs the tests of a package and fails if goroutines are left. It is
// called from TestMain.
func Main(m goleak.TestingM) {
	var err error
	if buildDir, err = os.MkdirTemp("", "livechat-e2e-"); err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(buildDir)
		os.Exit(code)
	}))
}

// Binary returns the path of a server to run: the one that LIVECHAT_SERVER
// names, or one that the first call builds.
var Binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LIVECHAT_SERVER"); path != "" {
		return path, nil
	}
	_, err := exec.LookPath("gcc")
	race := err == nil && os.Getenv("LIVECHAT_RACE") != "0"
	return localcluster.Build(context.Background(), buildDir, race)
})

// written returns the folder of the page that all clusters of a package serve.
// A server with the race detector needs a second to write it.
var written = sync.OnceValues(func() (dir string, err error) {
	binary, err := Binary()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(buildDir, "page")
	return dir, localcluster.WritePage(binary, dir)
})

// QuickSettings are the settings of every cluster here: no limit on messages, a
// short drain, and health checks that tolerate a machine that is busy with
// other tests and the race detector.
var QuickSettings = map[string]string{
	"MESSAGE_RATE": "0", "ROOM_RATE": "0", "DRAIN_DELAY": "100ms", "DRAIN_PERIOD": "200ms",
	"CHECK_TIMEOUT": "5s",
}

// Start starts a cluster for one test, with o.Env over QuickSettings.
func Start(t *testing.T, o localcluster.Options) *localcluster.Cluster {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	if o.Nginx {
		need.Program(t, "nginx")
	}
	binary, err := Binary()
	if err != nil {
		t.Fatal(err)
	}
	o.Binary = binary
	if o.Nginx {
		if o.PageDir, err = written(); err != nil {
			t.Fatal(err)
		}
	}
	env := maps.Clone(QuickSettings)
	maps.Copy(env, o.Env)
	o.Env = env
	also := o.Log
	o.Log = func(part, line string) {
		LogTo(t)(part, line)
		if also != nil {
			also(part, line)
		}
	}
	c, err := localcluster.Start(Within(t, time.Minute), o)
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

// LogTo returns a log function that writes to the test's output.
func LogTo(t *testing.T) func(part, line string) {
	return func(part, line string) { fmt.Fprintf(t.Output(), "%s: %s\n", part, line) }
}

// Within returns a context that ends with the test or after d.
func Within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Eventually waits at most d until try returns nil.
func Eventually(t *testing.T, d time.Duration, what string, try func() error) {
	t.Helper()
	if err := localcluster.Poll(Within(t, d), func(context.Context) error { return try() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func ErrIf(bad bool) error {
	if bad {
		return errors.New("not yet")
	}
	return nil
}
