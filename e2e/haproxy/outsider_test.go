package haproxy

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// outsider is a machine with a public address: a network namespace with a
// virtual cable to this machine.
type outsider struct {
	name, host, addr string // host is this end of the cable
}

// newOutsider creates a machine that exists until the test ends. Without the
// privileges, the test is skipped.
func newOutsider(t *testing.T) *outsider {
	t.Helper()
	ip := need.Program(t, "ip")
	id, block := rand.IntN(1<<20), 4*rand.IntN(64)
	s := &outsider{
		fmt.Sprintf("livechat-%x", id),
		fmt.Sprintf("203.0.113.%d", block+1),
		fmt.Sprintf("203.0.113.%d", block+2),
	}
	here, there := fmt.Sprintf("lc%xa", id), fmt.Sprintf("lc%xb", id)
	// removes the cable, too
	t.Cleanup(func() { _ = exec.Command(ip, "netns", "delete", s.name).Run() })
	for _, command := range []string{
		"netns add " + s.name,
		"link add " + here + " type veth peer name " + there + " netns " + s.name,
		"addr add " + s.host + "/30 dev " + here,
		"link set " + here + " up",
		"-n " + s.name + " addr add " + s.addr + "/30 dev " + there,
		"-n " + s.name + " link set " + there + " up",
	} {
		if out, err := exec.Command(ip, strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v: %s (a network namespace needs CAP_NET_ADMIN and CAP_SYS_ADMIN)", command,
				err, out)
		}
	}
	return s
}

// run runs f on the machine: connections that f dials come from there.
//
// The thread returns to its own network afterwards. It must not end instead,
// because that would kill children started from it (Pdeathsig, prctl(2)).
func (s *outsider) run(t *testing.T, f func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // unlocked only when the thread is back
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			done <- err
			return
		}
		defer home.Close()
		there, err := os.Open("/run/netns/" + s.name)
		if err != nil {
			done <- err
			return
		}
		defer there.Close()
		if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		f()
		if err = unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// small returns a HAProxy with so few files that an attack is cheap.
func small(t *testing.T, also string, settings ...string) *balancer {
	t.Helper()
	b := &balancer{before: "ulimit -n 2048 && ", also: also}
	b.start(t, 2, append(settings, "MAX_CLIENTS=800")...)
	return b
}

const handshake = "GET / HTTP/1.1\r\nHost: room\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

// openSockets opens n connections as fast as it can and sends the same on each.
// It gives up after 5 s, when none is accepted any more.
func openSockets(addr, text string, n int) (conns []net.Conn) {
	for end := time.Now().Add(5 * time.Second); n > 0 && time.Now().Before(end); n-- {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			continue // refused or not accepted
		}
		_, _ = io.WriteString(conn, text) // a refused connection may be closed already
		conns = append(conns, conn)
	}
	return conns
}

// occupy holds a thousand sockets and ever new half handshakes from the machine
// until ctx ends. It closes began when all of them are open.
func (s *outsider) occupy(ctx context.Context, t *testing.T, target string, began chan<- struct{}) {
	s.run(t, func() {
		sockets := openSockets(target, handshake+"\r\n", 1000)
		defer func() { hangUp(sockets) }()
		half := openSockets(target, handshake, 1300)
		close(began)
		for ctx.Err() == nil {
			hangUp(half[:len(half)/4])
			half = append(slices.Clone(half[len(half)/4:]), openSockets(target, handshake, 300)...)
		}
		hangUp(half)
	})
}

func hangUp(conns []net.Conn) {
	for _, conn := range conns {
		conn.Close()
	}
}

// A single public address with a thousand sockets, and more and more
// connections that send nothing, locks nobody out.
func TestOneAddressCannotLockOutOthers(t *testing.T) {
	s := newOutsider(t)
	_, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	target := net.JoinHostPort(s.host, ports[0])
	b := small(t, ","+target)
	ctx, stop := context.WithCancel(t.Context())
	var attack sync.WaitGroup
	began := make(chan struct{})
	attack.Go(func() { s.occupy(ctx, t, target, began) })
	defer attack.Wait()
	defer stop()
	<-began

	var joined, spoke []time.Duration
	for range 100 {
		began := time.Now()
		dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second}
		conn, res, err := dialer.DialContext(t.Context(), "ws://"+b.room, nil)
		if err != nil {
			t.Fatalf("another client cannot join: %v", err)
		}
		res.Body.Close()
		joined = append(joined, time.Since(began))
		began = time.Now()
		if err := echoes(conn); err != nil {
			t.Fatalf("another client cannot publish: %v", err)
		}
		spoke = append(spoke, time.Since(began))
		conn.Close()
		if status, body := b.get(t, b.stats, "/healthz"); status != http.StatusOK {
			t.Fatalf("the statistics answer %d %s", status, body)
		}
	}
	slices.Sort(joined)
	slices.Sort(spoke)
	t.Logf(
		"while one address attacks, others join within %v and receive within %v (99th percentile of 100)",
		joined[98], spoke[98])
	s.run(t, func() { // the attack counts only for its own address
		if conns := openSockets(target, handshake+"\r\n", 1); len(conns) > 0 {
			defer hangUp(conns)
			_ = conns[0].SetReadDeadline(time.Now().Add(5 * time.Second))
			answer, _ := io.ReadAll(io.LimitReader(conns[0], 12))
			if string(answer) == "HTTP/1.1 101" {
				t.Error("the attacking address gets one more socket")
			}
		}
	})
}

// When the room is full, statistics and health checks still answer.
func TestStatisticsHaveReservedConnections(t *testing.T) {
	b := small(t, "")
	conns := openSockets(b.room, handshake+"\r\n", 1100)
	defer hangUp(conns)
	eventually(t, "the room is full", func() error {
		status, metrics := b.get(t, b.stats, "/metrics")
		if status != http.StatusOK ||
			!strings.Contains(metrics, "\nhaproxy_frontend_current_sessions{proxy=\"room\"} 800\n") {
			return fmt.Errorf("the statistics answer %d, without the 800 connections", status)
		}
		return nil
	})
	for range 10 {
		if status, body := b.get(t, b.stats, "/healthz"); status != http.StatusOK {
			t.Fatalf("with %d connections to the room the statistics answer %d %s", len(conns), status, body)
		}
	}
}

// Addresses that are not public have no limit: a load tool on this machine or
// in the next container needs no setting.
func TestPrivateAddressesAreUnlimited(t *testing.T) {
	b := start(t, 2)
	for range 700 { // more than twice any default in 10 s
		conn, a, err := b.dial(t)
		if err != nil {
			t.Fatalf("%v %+v", err, a)
		}
		defer conn.Close()
	}
}
