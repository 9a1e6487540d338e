// Package compose tests docker-compose.yml as it is in the repository: built,
// started and used through its published ports.
//
// It needs a Docker engine and some minutes, so it runs only under
// LIVECHAT_COMPOSE=1, which .ci/run sets. It uses its own ports, project and
// image tag, so a cluster on the same machine is not affected.
package compose

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// stack is the started cluster.
type stack struct {
	root              string // of the repository
	env               []string
	page, room, stats string // host:port as published
}

// newStack prepares a stack without starting it. When the test ends, everything
// that was started is taken down. settings are NAME=value.
func newStack(t *testing.T, settings ...string) *stack {
	t.Helper()
	if os.Getenv("LIVECHAT_COMPOSE") != "1" {
		t.Skip("LIVECHAT_COMPOSE=1 is not set")
	}
	need.Program(t, "docker")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 3)
	s := &stack{
		root: root, page: "localhost:" + ports[0], room: "localhost:" + ports[1], stats: "127.0.0.1:" + ports[2],
		// Short drains, and health checks that tolerate a machine that is busy
		// building.
		env: append(os.Environ(), "COMPOSE_PROJECT_NAME=livechat-test-"+ports[0], "TAG=test",
			"PAGE_PORT="+ports[0], "PORT="+ports[1], "STATS_PORT="+ports[2], "DRAIN_DELAY=2s",
			"DRAIN_PERIOD=2s", "CHECK_TIMEOUT=2s", "WS_SCALE=0", "MAX_PER_IP=0", "RATE_PER_IP=0"),
	}
	s.env = append(s.env, settings...)
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := s.command(context.Background(), s.compose("logs", "--tail", "40")...).CombinedOutput()
			t.Logf("the end of the logs:\n%s", out)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if out, err := s.command(ctx, "docker/down.sh", "-v").CombinedOutput(); err != nil {
			t.Errorf("take it down: %v\n%s", err, out)
		}
	})
	return s
}

// up builds and starts everything with docker/up.sh, as `make up` does.
func up(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	// with stand-ins, and both images from scratch
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	cmd := s.command(ctx, "docker/up.sh")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker/up.sh: %v", err)
	}
	return s
}

// freePorts returns n unused ports, below those that the kernel uses for
// outgoing connections.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", 20000+rand.IntN(10000)))
		if err != nil {
			continue // taken
		}
		defer l.Close() // held until all are chosen, so that they differ
		if ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)); len(ports) == n {
			return ports
		}
	}
	t.Fatal("no free port")
	return nil
}

// command prepares a program to run in the repository's root with the stack's
// settings.
func (s *stack) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = s.root, s.env
	return cmd
}

// compose returns args after this machine's compose command, chosen as
// docker/compose.sh does.
func (s *stack) compose(args ...string) []string {
	if exec.Command("docker", "compose", "version").Run() == nil {
		return append([]string{"docker", "compose"}, args...)
	}
	return append([]string{"docker-compose"}, args...)
}

// run runs a program that has to succeed and returns its output.
func (s *stack) run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := s.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return strings.TrimSpace(string(out))
}

// scale sets the number of elastic servers and changes nothing else.
func (s *stack) scale(t *testing.T, n int) {
	t.Helper()
	s.run(t, s.compose("up", "-d", "--no-build", "--no-recreate", "--scale", fmt.Sprintf("ws=%d", n))...)
}

// containers returns the ids of a service's containers.
func (s *stack) containers(t *testing.T, service string) []string {
	t.Helper()
	return strings.Fields(s.run(t, s.compose("ps", "-q", service)...))
}

// container is the part of the engine's description of a container that the
// tests check.
type container struct {
	Name   string
	Config struct{ Hostname string }
	State  struct{ Health struct{ Status string } }

	HostConfig struct {
		ReadonlyRootfs bool
		CapDrop        []string
		SecurityOpt    []string
		LogConfig      struct {
			Type   string
			Config map[string]string
		}
		PortBindings map[string][]struct{ HostIP, HostPort string }
	}
}

// inspect returns the engine's description of containers.
func (s *stack) inspect(t *testing.T, ids ...string) []container {
	t.Helper()
	var all []container
	if err := json.Unmarshal([]byte(s.run(t, append([]string{"docker", "inspect"}, ids...)...)),
		&all); err != nil {
		t.Fatalf("docker inspect: %v", err)
	}
	return all
}

// dial opens a connection until the test ends and returns its welcome.
func (s *stack) dial(t *testing.T, o client.Options) (*client.Conn, *client.Welcome) {
	t.Helper()
	o.URL = "ws://" + s.room
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := client.Dial(ctx, o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, await[*client.Welcome](t, conn, nil)
}

// await reads conn up to the next event of type E that accept (nil: any)
// accepts.
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

// eventually waits at most d until try returns nil.
func eventually(t *testing.T, d time.Duration, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := localcluster.Poll(ctx, try); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// join starts a session that runs until the test ends.
func (s *stack) join(t *testing.T, name string) *harness.Member {
	t.Helper()
	return harness.Join(t, client.Options{URL: "ws://" + s.room, Name: name, History: new(0)})
}
