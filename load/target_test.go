package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/load/record"
)

// echo sends each frame to everybody, as gorilla's chat example does, but makes
// the n-th of all deliveries fault(n) times. The first is 1.
type echo struct {
	url string

	mu         sync.Mutex
	conns      map[*websocket.Conn]bool
	deliveries int
	fault      func(n int) int
	handlers   sync.WaitGroup
}

func startEcho(t *testing.T, fault func(n int) int) *echo {
	e := &echo{conns: make(map[*websocket.Conn]bool), fault: fault}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.handlers.Add(1)
		defer e.handlers.Done()
		e.serve(w, r)
	}))
	t.Cleanup(func() { s.Close(); e.handlers.Wait() })
	e.url = "ws" + strings.TrimPrefix(s.URL, "http")
	return e
}

func (e *echo) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	e.mu.Lock()
	e.conns[conn] = true
	e.mu.Unlock()
	for {
		_, text, err := conn.ReadMessage()
		e.mu.Lock()
		if err != nil {
			delete(e.conns, conn)
			e.mu.Unlock()
			return
		}
		for to := range e.conns {
			e.deliveries++
			for range e.fault(e.deliveries) {
				if to.WriteMessage(websocket.TextMessage, text) != nil {
					delete(e.conns, to)
				}
			}
		}
		e.mu.Unlock()
	}
}

// Messages that another server loses or sends twice are counted exactly: one
// delivery in a hundred, also the very last one, which no other shows.
func TestFaultsOfAnotherServerAreCountedExactly(t *testing.T) {
	t.Parallel()
	const deliveries = 20 * 300
	every := func(times int) func(int) int {
		return func(n int) int {
			if n%100 == 0 {
				return times
			}
			return 1
		}
	}
	for name, test := range map[string]struct {
		fault      func(int) int
		lost, more bool
	}{
		"drops":   {every(0), true, false},
		"doubles": {every(2), false, true},
		"nothing": {every(1), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := startEcho(t, test.fault)
			r, text, err := runLoad(t, "-target", "gorilla", "-url", e.url, "-clients", "20", "-rate", "200",
				"-publishers", "3", "-for", "1500ms", "-warmup", "0", "-settle", "6s")
			want := func(is bool) (n int64) {
				if is {
					n = deliveries / 100
				}
				return n
			}
			tot := r.Totals
			e.mu.Lock()
			made := e.deliveries
			e.mu.Unlock()
			if tot.Lost != want(test.lost) || tot.Duplicated != want(test.more) || tot.Reordered != 0 {
				t.Errorf("%d lost, %d duplicated of %d; want %d, %d", tot.Lost, tot.Duplicated, made,
					want(test.lost), want(test.more))
			}
			if made != deliveries || tot.Sent != 300 || tot.Delivered != deliveries-tot.Lost {
				t.Errorf("%d of %d deliveries of %d messages", tot.Delivered, made, tot.Sent)
			}
			if failed := errors.Is(err, errFailed); failed != (test.lost || test.more) {
				t.Errorf("exit: %v", err)
			}
			if !strings.Contains(text, "acks not available") || r.Settings.Target != "gorilla" ||
				len(r.NotAvailable) == 0 {
				t.Errorf("the result does not say what is not available")
			}
		})
	}
}

// Gorilla's chat example joins messages into frames when they wait. It hangs up
// on clients for which more than 256 do, so these are fewer. All of them arrive,
// and after a storm the clients go on with new accounts.
func TestGorillasChatExample(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bench")
	build := exec.CommandContext(within(t, 2*time.Minute), "go", "build", "-o", binary, "livechat/bench")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(host, ports[0])
	serve(t, address, exec.Command(binary, "baseline", address, "example", ""))
	url := "ws://" + address + "/ws"
	r, _, err := runLoad(t, "-target", "gorilla", "-url", url, "-clients", "50", "-rate", "200", "-for", "1s",
		"-warmup", "0")
	if err != nil || r.Totals.Delivered != 50*r.Totals.Sent || r.Totals.Sent == 0 {
		t.Errorf("%v: %+v", err, r.Totals)
	}
	r, _, err = runLoad(t, "-target", "gorilla", "-url", url, "-clients", "50", "-rate", "100", "-for", "2s",
		"-warmup", "0", "-scenario", "storm")
	if err != nil || r.Totals.Reconnects != 50 {
		t.Errorf("%v: %+v", err, r.Totals)
	}
	accounted(t, r)
}

// Centrifugo brings what clients missed while they reconnected, so all of it is
// due, and it acks.
func TestCentrifugo(t *testing.T) {
	if os.Getenv("LIVECHAT_PEERS") != "1" {
		t.Skip("`make peers` builds Centrifugo, which takes minutes, and runs this")
	}
	program := need.Program(t, "centrifugo")
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", "peer/servers/centrifugo.json")
	cmd.Env = append(cmd.Environ(), "CENTRIFUGO_HTTP_SERVER_ADDRESS="+host,
		"CENTRIFUGO_HTTP_SERVER_PORT="+ports[0])
	address := net.JoinHostPort(host, ports[0])
	serve(t, address, cmd)
	url := "ws://" + address + "/connection/websocket"
	for _, scenario := range []string{"steady", "storm", "churn"} {
		r, _, err := runLoad(t, "-target", "centrifugo", "-url", url, "-clients", "50", "-rate", "100",
			"-publishers", "5", "-for", "2s", "-warmup", "0", "-scenario", scenario, "-stay", "1s")
		tot := &r.Totals
		if err != nil || tot.Missed != 0 || tot.Acked == 0 {
			t.Errorf("%s: %v: %+v", scenario, err, tot)
		}
		switch scenario {
		case "steady":
			if tot.Acked != tot.Sent || tot.Delivered != 50*tot.Sent {
				t.Errorf("steady: %+v", tot)
			}
		case "storm":
			if tot.Reconnects != 50 {
				t.Errorf("storm: %d reconnects", tot.Reconnects)
			}
			accounted(t, r)
		}
	}
	r, _, err := runLoad(t, "-target", "centrifugo", "-url", url, "-clients", "40", "-rooms", "4", "-rate",
		"100", "-for", "1s", "-warmup", "0")
	if err != nil || r.Totals.Delivered != 10*r.Totals.Sent {
		t.Errorf("rooms: %v: %+v", err, r.Totals)
	}
	err = load(t.Context(), []string{"-target", "centrifugo", "-url", url, "-room", "closed:load", "-html", "",
		"-clients", "1"}, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "unknown channel") {
		t.Errorf("a channel that does not exist: %v", err)
	}
}

// Socket.IO's own server comes from npm, which a machine may not reach. Debian
// has another implementation of the protocol.
func TestSocketIO(t *testing.T) {
	t.Parallel()
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	switch {
	case exec.Command("node", "-e", "require('socket.io')").Run() == nil:
		cmd = exec.Command("node", "peer/servers/socketio.js", ports[0], host)
	case exec.Command("/usr/bin/python3", "-c", "import socketio, aiohttp").Run() == nil:
		cmd = exec.Command("/usr/bin/python3", "peer/servers/python_socketio.py", ports[0], host)
	case os.Getenv("LIVECHAT_REQUIRE") == "1":
		t.Fatal("scripts/install.sh installs python-socketio, and it is not here")
	default:
		t.Skip("neither node's socket.io is installed nor Python's")
	}
	address := net.JoinHostPort(host, ports[0])
	serve(t, address, cmd)
	url := "ws://" + address
	for _, args := range [][]string{{"-scenario", "steady"}, {"-scenario", "storm"}, {"-room", "load"},
		{"-rooms", "2", "-room", "load"}} {
		r, _, err := runLoad(t, append([]string{"-target", "socketio", "-url", url, "-clients", "20", "-rate",
			"20", "-for", "2s", "-warmup", "0"}, args...)...)
		if err != nil || r.Totals.Sent == 0 {
			t.Errorf("%v: %v: %+v", args, err, r.Totals)
		}
		if args[1] == "steady" && r.Totals.Delivered != 20*r.Totals.Sent {
			t.Errorf("%v: %d deliveries of %d messages", args, r.Totals.Delivered, r.Totals.Sent)
		}
		if r.Settings.Rooms == 1 {
			accounted(t, r)
		}
	}
}

// accounted checks that each message was delivered to, or missed by, everybody.
func accounted(t *testing.T, r *record.Run) {
	t.Helper()
	n := int64(r.Settings.Clients)
	tot := &r.Totals
	if got := tot.Delivered + tot.Missed; got > n*tot.Sent || got < n*(tot.Sent-tot.Unsent) {
		t.Errorf("%d delivered and %d missed of %d messages to %d clients, %d of them unsent",
			tot.Delivered, tot.Missed, tot.Sent, n, tot.Unsent)
	}
}

// serve runs a server until the end of the test and waits until it accepts
// connections.
func serve(t *testing.T, address string, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	err := localcluster.Poll(within(t, 30*time.Second), func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Flags that ask for what a target does not have are refused, and say why.
func TestFlagsThatMakeNoSenseWithATarget(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"-target irc", `-target "irc": want livechat or one of centrifugo`},
		{"-target gorilla -mix edits=5%", "-mix: not available with -target gorilla"},
		{"-target gorilla -rooms 3", "-rooms: not available with -target gorilla"},
		{"-target gorilla -room tea -file-size 1", "-room: not available"},
		{"-target gorilla -clients " + strconv.Itoa(maxAccounts) + " -publishers 2", "too many to account for"},
	} {
		var out strings.Builder
		if _, err := parse(strings.Fields(test.args), &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), test.says) {
			t.Errorf("%s: %v, %q lacks %q", test.args, err, out.String(), test.says)
		}
	}
	o, err := parse([]string{"-target", "gorilla"}, t.Output())
	if err != nil || o.settings.URLs[0] != "ws://localhost:8080/ws" || o.settings.Room(0) != "" {
		t.Errorf("%v, %+v", err, o)
	}
	if o, err = parse([]string{"-target", "livechat"}, t.Output()); err != nil || o.settings.Target != "" {
		t.Errorf("%v, %+v", err, o)
	}
}
