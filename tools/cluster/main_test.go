package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/client"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPrinter(t *testing.T) {
	var plain, colourful bytes.Buffer
	for out, colour := range map[*bytes.Buffer]bool{&plain: false, &colourful: true} {
		p := newPrinter(out, colour)
		p.print("1000", "one")
		p.print("haproxy", "two")
		p.print("1000", "three")
	}
	if got, want := plain.String(), "1000     one\nhaproxy  two\n1000     three\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := colourful.String(), "\x1b[36m1000    \x1b[0m one\n\x1b[32mhaproxy \x1b[0m "+
		"two\n\x1b[36m1000    \x1b[0m three\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// Every limit of what somebody may send can be lifted for a test under load.
func TestLimitsArePassedOn(t *testing.T) {
	for _, name := range strings.Fields("MESSAGE_RATE ADDRESS_RATE ROOM_RATE POST_RATE CHATS_HOUR") {
		t.Setenv(name, "0")
		if value, ok := settings()[name]; !ok || value != "0" {
			t.Errorf("%s is not passed on", name)
		}
	}
}

func TestBadFlags(t *testing.T) {
	if err := run(t.Context(), []string{"-servers", "many"}, io.Discard, false); !errors.Is(err,
		flag.ErrHelp) {
		t.Errorf("run: %v, want the usage", err)
	}
}

// A user who may not open the page's port gets another port.
func TestPagePortOfAnOrdinaryUser(t *testing.T) {
	refused := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}
	taken := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	for want, err := range map[int]error{freePagePort: refused, pagePort: taken} {
		if got := usablePagePort("127.0.0.1", func(string) error { return err }); got != want {
			t.Errorf("%v gives %d, want %d", err, got, want)
		}
	}
	if got := usablePagePort("127.0.0.1", func(string) error { return nil }); got != pagePort {
		t.Errorf("a free port gives %d, want %d", got, pagePort)
	}
}

// output collects what run prints; it may be read meanwhile.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// The command as a user runs it: start, open everything that it names, Ctrl-C.
func TestRun(t *testing.T) {
	for _, name := range []string{"redis-server", "haproxy", "nginx"} {
		need.Program(t, name)
	}
	free, err := localcluster.OwnPorts(3)
	if err != nil {
		t.Fatal(err)
	}
	page, room, stats := free[0], free[1], free[2]
	args := []string{"-servers", "2", "-page", page, "-room", room, "-stats", stats}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out output
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, &out, false) }()

	patience, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err = localcluster.Poll(patience, func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v\n%s", err, out.String())
		default:
		}
		if !strings.Contains(out.String(), "Ctrl-C stops everything") {
			return errors.New("it does not announce itself")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, url := range []string{"http://127.0.0.1:" + page + "/", "http://127.0.0.1:" + stats + "/",
		"http://127.0.0.1:" + room + "/readyz"} {
		if status, _, err := localcluster.Get(patience, url); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d, %v", url, status, err)
		}
	}
	if _, body, err := localcluster.Get(patience, "http://127.0.0.1:"+page+"/config.json"); err != nil ||
		!strings.Contains(body, room) {
		t.Errorf("the page's config is %s, %v", body, err)
	}
	version, err := exec.Command("../../scripts/version.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := localcluster.Get(patience, "http://127.0.0.1:"+room+"/version")
	if err != nil || !strings.Contains(body, `"`+strings.TrimSpace(string(version))+`"`) {
		t.Errorf("the servers are %s, %v, want version %s", body, err, version)
	}
	conn, err := client.Dial(patience, client.Options{URL: "ws://127.0.0.1:" + room})
	if err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}

	// From another terminal: one server more, and none.
	for _, n := range []string{"1", "0"} {
		if err := run(patience, []string{"-room", room, "scale", n}, io.Discard, false); err != nil {
			t.Errorf("scale %s: %v", n, err)
		}
	}
	if !strings.Contains(out.String(), "-room "+room+" scale") {
		t.Error("the first screen does not say how to scale")
	}

	// A second run while this one is up.
	err = run(t.Context(), args, io.Discard, false)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), room) ||
		!strings.Contains(err.Error(), "-room") {
		t.Errorf("run on taken ports: %v, want one line that names the port and the flag", err)
	}

	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("run: %v\n%s", err, out.String())
	}
	for _, port := range free {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Errorf("after the end: %v", err)
			continue
		}
		l.Close()
	}
}
