package haproxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"livechat/internal/need"
)

// read returns the body of a response.
func read(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// zero-warning makes a warning an error, so every combination of settings has
// to be tried.
func TestEverySettingIsValid(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "haproxy")
	for _, settings := range []string{
		"", "MAX_PER_IP=5", "RATE_PER_IP=5", "MAX_PER_IP=0", "RATE_PER_IP=0", "MAX_PER_IP=0 RATE_PER_IP=0",
		"UNLIMITED=", "UNLIMITED=192.0.2.1",
		"INNER_BIND=127.0.0.1:8081 UNLIMITED=", "LOG_REQUESTS=1",
		"ELASTIC=elastic.example:8080 ELASTIC_SLOTS=3 RESOLVER=127.0.0.1:53",
		"API=127.0.0.1:1", "API=api.example:8080 ELASTIC=elastic.example:8080 RESOLVER=127.0.0.1:53",
		"WS1=127.0.0.1:1 WS2= WS3= WS4=", "WS1= WS2= WS3= WS4= ELASTIC=elastic.example:8080",
		"LB_BIND=127.0.0.1:8080,127.0.0.2:8080 CHECK_TIMEOUT=5s",
	} {
		cmd := exec.CommandContext(t.Context(), program, "-c", "-f", file)
		cmd.Env = append(os.Environ(), strings.Fields(settings)...)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
			t.Errorf("with %q: %v\n%s", settings, err, out)
		}
	}
}

func TestForwardedForIsSetByHAProxy(t *testing.T) {
	t.Parallel()
	b := start(t, 1)
	_, got := b.get(t, b.room, "/", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "7.7.7.7")
	if got != "127.0.0.1" {
		t.Errorf("the server received %q, want the source address only", got)
	}
}

func TestSlowHandshake(t *testing.T) {
	t.Parallel()
	b := start(t, 1)
	conn, err := net.Dial("tcp", b.room)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: room\r\nUpgrade: websocket\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	read(t, res)
	if took := time.Since(began); res.StatusCode != http.StatusRequestTimeout || took < 4*time.Second ||
		took > 8*time.Second {
		t.Errorf("an unfinished handshake is answered with %s after %v, want 408 after 5 s", res.Status, took)
	}
}

// A page sends requests before it opens its socket. They must not affect the
// round robin of sockets.
func TestRequestsDoNotAdvanceRoundRobin(t *testing.T) {
	t.Parallel()
	b := start(t, 4)
	count := map[string]int{}
	for range 12 {
		if status, _ := b.get(t, b.room, "/rooms/livechat"); status != http.StatusOK {
			t.Fatalf("a plain request: %d", status)
		}
		_, name := b.open(t)
		count[name]++
	}
	for name, n := range count {
		if n != 3 || len(count) != 4 {
			t.Errorf("server %s has %d of 12 sockets: %v", name, n, count)
		}
	}
}

// A server that dies takes its own sockets along and nothing else. Even clients
// that come before HAProxy has noticed are not refused.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	b := start(t, 4)
	conns := b.onEach(t)
	b.nodes[1].die()
	cut(t, conns[1])
	for range 12 {
		if b.visit(t) == "WS2" {
			t.Error("the dead server got a socket")
		}
	}
	for _, i := range []int{0, 2, 3} {
		if err := echoes(conns[i]); err != nil {
			t.Errorf("a socket of %s: %v", b.nodes[i].name, err)
		}
	}
}

// A frozen server keeps its TCP connections open. HAProxy cuts off its clients,
// so that they can go elsewhere.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	b := start(t, 2, "CHECK_TIMEOUT=500ms")
	conns := b.onEach(t)
	close(b.nodes[0].frozen)
	if took := cut(t, conns[0]); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := echoes(conns[1]); err != nil {
		t.Errorf("the other server's socket: %v", err)
	}
}

// 404 means draining: open sockets stay, new ones go elsewhere. 503 is worse:
// open sockets are cut.
func TestDrain(t *testing.T) {
	t.Parallel()
	b := start(t, 2)
	conns := b.onEach(t)
	b.nodes[0].ready.Store(http.StatusNotFound)
	eventually(t, "new sockets go elsewhere", func() error {
		for range 4 {
			if b.visit(t) == "WS1" {
				return errors.New("WS1 still gets some")
			}
		}
		return nil
	})
	if err := echoes(conns[0]); err != nil {
		t.Errorf("the draining server's socket: %v", err)
	}
	b.nodes[0].ready.Store(http.StatusServiceUnavailable)
	cut(t, conns[0])
	b.nodes[0].ready.Store(http.StatusOK)
	eventually(t, "it gets sockets again", func() error {
		if b.visit(t) != "WS1" {
			return errors.New("not yet")
		}
		return nil
	})
}

func TestNoServerIsReady(t *testing.T) {
	t.Parallel()
	b := start(t, 1)
	b.nodes[0].ready.Store(http.StatusServiceUnavailable)
	eventually(t, "the balancer is not healthy either", func() error {
		if status, _ := b.get(t, b.stats, "/healthz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("it answers %d", status)
		}
		return nil
	})
	eventually(t, "sockets get no server", func() error { // which HAProxy notices a moment later
		conn, _, err := b.dial(t)
		if err == nil {
			conn.Close()
			return errors.New("the socket was accepted")
		}
		return nil
	})
	if body := b.refused(t, http.StatusServiceUnavailable); !strings.Contains(body, `"code":"unavailable"`) {
		t.Errorf("refused with %s", body)
	}
}

// When all answer 404, as they do while Redis is down, they still get sockets.
// As soon as one is ready, it gets all of them.
func TestNoServerIsReadyButAllAreAlive(t *testing.T) {
	t.Parallel()
	b := start(t, 2)
	conns := b.onEach(t)
	for _, n := range b.nodes {
		n.ready.Store(http.StatusNotFound)
	}
	eventually(t, "the balancer notices", func() error {
		if status, _ := b.get(t, b.stats, "/healthz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("it answers %d", status)
		}
		return nil
	})
	meanwhile := b.onEach(t)
	if status, _ := b.get(t, b.room, "/"); status != http.StatusOK {
		t.Errorf("pages are refused with %d", status)
	}
	b.nodes[1].ready.Store(http.StatusOK)
	eventually(t, "the ready server gets all", func() error {
		for range 4 {
			if b.visit(t) == "WS1" {
				return errors.New("WS1 still gets some")
			}
		}
		return nil
	})
	for i, conn := range append(conns, meanwhile...) {
		if err := echoes(conn); err != nil {
			t.Errorf("socket %d: %v", i, err)
		}
	}
}

// A client that does not read slows the server down before megabytes are
// buffered in between.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	b := start(t, 1)
	b.open(t)
	raw := (<-b.nodes[0].first).NetConn().(*net.TCPConn)
	if err := raw.SetWriteBuffer(65536); err != nil { // like SEND_BUFFER of the server
		t.Fatal(err)
	}
	sent, chunk := 0, make([]byte, 16384)
	for {
		if err := raw.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
			t.Fatal(err)
		}
		k, err := raw.Write(chunk)
		if sent += k; err != nil {
			break // nothing was accepted for two seconds
		}
		if sent > 16<<20 {
			break
		}
	}
	if sent > 2<<20 {
		t.Errorf("%d bytes were accepted for a client that reads nothing", sent)
	}
}

// There can be more elastic servers than the default number of slots.
func TestElasticSlots(t *testing.T) {
	t.Parallel()
	b := start(t, 1, "ELASTIC=elastic.example:8080", "RESOLVER=127.0.0.1:1", "ELASTIC_SLOTS=40")
	_, rows := b.get(t, b.stats, "/;csv")
	if n := strings.Count(rows, "\nservers,ws-"); n != 40 {
		t.Errorf("there are %d slots, want 40", n)
	}
}
