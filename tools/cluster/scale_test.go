package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"livechat/internal/localcluster"
)

// stub is a cluster that records what is asked of it.
type stub struct {
	asked, waited []int
	err           error
	hangs         bool // until the order is over
}

func (s *stub) Scale(ctx context.Context, n int) error {
	s.asked = append(s.asked, n)
	if s.hangs {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return s.err
}

func (s *stub) WaitElastic(_ context.Context, n int) error {
	s.waited = append(s.waited, n)
	return nil
}

// startStub takes orders for c under some room port.
func startStub(t *testing.T, room int, c scaler) *control {
	t.Helper()
	path, err := socketPath(room)
	if err != nil {
		t.Fatal(err)
	}
	control, err := startControl(path, c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = control.close() })
	return control
}

func shortTemp(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "lc") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
}

func TestScale(t *testing.T) {
	shortTemp(t)
	c := &stub{}
	startStub(t, 1234, c)
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-room", "1234", "scale", "3"}, &out, false); err != nil ||
		!strings.HasPrefix(out.String(), "3 elastic servers, after ") {
		t.Errorf("%v, printed %q", err, out.String())
	}
	if len(c.asked) != 1 || c.asked[0] != 3 || len(c.waited) != 1 || c.waited[0] != 3 {
		t.Errorf("asked for %v and waited for %v, want 3", c.asked, c.waited)
	}
	c.err = errors.New("no room left")
	if err := scale(t.Context(), 1234, "3", io.Discard); err == nil ||
		!strings.Contains(err.Error(), "no room left") {
		t.Errorf("%v, want the cluster's error", err)
	}
}

func TestScaleErrorsSayWhatToDo(t *testing.T) {
	shortTemp(t)
	for _, test := range []struct{ args, want string }{
		{"scale", "want nothing"},
		{"scale up", "0 to 32"},
		{"scale -1", "0 to 32"},
		{"scale 33", "0 to 32"},
		{"more", "scale and a number"},
		{"-room 1234 scale 4", "`make cluster`, or name another port with -room"},
	} {
		if err := run(t.Context(), strings.Fields(test.args), io.Discard, false); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.args, err, test.want)
		}
	}
}

// A cluster that was killed leaves its socket. The command says that there is no
// cluster, and the next cluster takes its place.
func TestSocketOfKilledClusterIsReplaced(t *testing.T) {
	shortTemp(t)
	path, err := socketPath(1234)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if err := scale(t.Context(), 1234, "1", io.Discard); err == nil ||
		!strings.Contains(err.Error(), "no cluster of yours") {
		t.Errorf("%v, want no cluster", err)
	}
	startStub(t, 1234, &stub{})
	if err := scale(t.Context(), 1234, "1", io.Discard); err != nil {
		t.Error(err)
	}
}

// A directory that others can enter could have a socket of theirs.
func TestOpenSocketDirectoryIsRefused(t *testing.T) {
	shortTemp(t)
	path, err := socketPath(1234)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(strings.TrimSuffix(path, "/1234.sock"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := socketPath(1234); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("%v, want advice", err)
	}
}

// Ctrl-C of the cluster ends an order under way.
func TestEndOfClusterEndsOrder(t *testing.T) {
	shortTemp(t)
	control := startStub(t, 1234, &stub{hangs: true})
	ended := make(chan error, 1)
	go func() { ended <- scale(t.Context(), 1234, "1", io.Discard) }()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := localcluster.Poll(patience, func(context.Context) error {
		if !control.one.TryLock() {
			return nil
		}
		control.one.Unlock()
		return errors.New("there is no order")
	}); err != nil {
		t.Fatal(err)
	}
	_ = control.close()
	if err := <-ended; err == nil {
		t.Error("the order was obeyed")
	}
}
