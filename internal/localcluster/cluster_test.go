package localcluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestFreePortsDiffer(t *testing.T) {
	host, ports, err := FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, host, ports)
	if ports, err = OwnPorts(20); err != nil {
		t.Fatal(err)
	}
	differ(t, "127.0.0.1", ports)
	for _, p := range ports {
		if n, err := strconv.Atoi(p); err != nil || n < 20000 || n >= 32768 {
			t.Errorf("port %s may be that of an outgoing connection", p)
		}
	}
}

// differ expects free ports, none twice.
func differ(t *testing.T, host string, ports []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range ports {
		if seen[p] {
			t.Errorf("port %s was returned twice", p)
		}
		seen[p] = true
		if err := checkFree("part", net.JoinHostPort(host, p)); err != nil {
			t.Errorf("a free port: %v", err)
		}
	}
}

func TestStartNamesTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Start(within(t, 5*time.Second), Options{Binary: "/bin/true", Stats: l.Addr().String()})
	if want := "stats: " + l.Addr().String() + " is taken by another program"; err == nil ||
		err.Error() != want {
		t.Errorf("start: %v, want %q", err, want)
	}
}

func TestStartRefusesTooManyServers(t *testing.T) {
	if _, err := Start(t.Context(), Options{Servers: MaxServers + 1}); err == nil ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("start: %v, want one line", err)
	}
}

func shell(t *testing.T, script string) *Part {
	p := &Part{Name: "part", path: "/bin/sh", args: []string{"-c", script}, log: func(string, string) {},
		ready: func(context.Context) error { return nil }}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func TestStartErrorHasOutputOfPartThatEnds(t *testing.T) {
	p := shell(t, "echo one; echo two >&2; printf three; exit 3")
	p.ready = func(context.Context) error { return context.DeadlineExceeded }
	err := p.Start(within(t, 5*time.Second))
	if err == nil || !strings.Contains(err.Error(), "one\ntwo\nthree") || p.ExitCode() != 3 {
		t.Errorf("start: %v, exit code %d, want the output and 3", err, p.ExitCode())
	}
}

func TestStopKillsPartThatIgnoresTERM(t *testing.T) {
	p := shell(t, "trap '' TERM; echo ready; while :; do sleep 0.05; done")
	p.ready = func(context.Context) error {
		if p.Output() != "ready" {
			return context.DeadlineExceeded
		}
		return nil
	}
	if err := p.Start(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err == nil {
		t.Error("started twice")
	}
	if err := p.Stop(within(t, 200*time.Millisecond)); err == nil || !isClosed(p.ended) {
		t.Errorf("stop: %v, want an error and the end", err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("stop of a stopped part: %v", err)
	}
}

func TestPausedPartCanBeStopped(t *testing.T) {
	p := shell(t, "while :; do sleep 0.05; done")
	if err := p.Start(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(within(t, 5*time.Second)); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestDataRacesAndPanicsAreReported(t *testing.T) {
	p := shell(t, "echo fine; echo 'WARNING: DATA RACE'; echo fine")
	if err := p.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-p.Ended()
	if err := p.complaints(); err == nil || !strings.Contains(err.Error(), "DATA RACE") {
		t.Errorf("complaints: %v", err)
	}
}

// The children must not outlive us, whatever ends us. This test runs itself as
// a parent that is killed.
func TestPartsDieWithTheirParent(t *testing.T) {
	if os.Getenv("CLUSTER_TEST_PARENT") != "" {
		p := shell(t, "echo $$; while :; do sleep 0.05; done")
		p.log = func(_, line string) { fmt.Println("child " + line) }
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-p.Ended()
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestPartsDieWithTheirParent$")
	parent.Env = append(os.Environ(), "CLUSTER_TEST_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimPrefix(strings.TrimSpace(string(line[:n])), "child ")
	if _, err := os.Stat("/proc/" + pid); err != nil {
		t.Fatalf("the child does not run: %v", err)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	err = Poll(within(t, 5*time.Second), func(context.Context) error {
		status, err := os.ReadFile("/proc/" + pid + "/stat")
		// a zombie: its new parent may not reap it
		if err == nil && !strings.Contains(string(status), ") Z ") {
			return os.ErrExist
		}
		return nil
	})
	if err != nil {
		t.Errorf("the child outlives its parent: %v", err)
	}
}
