package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// watcher watches the cluster through a node.
type watcher struct {
	*websocket.Conn
	t testing.TB
}

func openWatcher(t testing.TB, n *Node) *watcher {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+n.Addr()+"/cluster", nil)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &watcher{conn, t}
}

// until reads frames until one satisfies ok.
func (s *watcher) until(what string, ok func(wire.Cluster) bool) wire.Cluster {
	s.t.Helper()
	var last wire.Cluster
	for {
		_, payload, err := s.ReadMessage()
		if err != nil {
			s.t.Fatalf("%s: %v; the last frame is %+v", what, err, last)
		}
		last = wire.Cluster{}
		if err := json.Unmarshal(payload, &last); err != nil || last.Type != "cluster" {
			s.t.Fatalf("frame %s: %v", payload, err)
		}
		if ok(last) {
			return last
		}
	}
}

// states returns app:state of each server.
func states(f wire.Cluster) string {
	words := []string{}
	for _, s := range f.Servers {
		words = append(words, s.App+":"+s.State)
	}
	return strings.Join(words, " ")
}

func TestWatchTheCluster(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	a, b := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000")
	s := openWatcher(t, a)
	s.until("both servers are up",
		func(f wire.Cluster) bool { return states(f) == "1000:ready 2000:ready" && f.App == "1000" })
	ann := dial(t, b, "name=ann")
	bob := dial(t, b, "name=bob")
	for i := range 5 {
		ann.send(fmt.Sprintf(`{"type":"message","text":"message %d"}`, i))
		bob.next("message")
	}
	f := s.until("messages are counted", func(f wire.Cluster) bool {
		return len(f.Servers) == 2 && f.Servers[1].Connections == 2 && f.Servers[1].In > 0 &&
			f.Servers[1].Out > 0 &&
			f.Servers[1].P99 > 0
	})
	if f.Servers[0].Connections != 0 || a.sockets.Count() != 0 {
		t.Errorf("the watcher is counted: %+v", f.Servers[0])
	}
	if f.Redis.State != "up" || f.Redis.RoundTrip <= 0 || f.Redis.Embedded {
		t.Errorf("Redis is %+v", f.Redis)
	}

	// Watchers may not send messages, and are told so.
	if err := s.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	for {
		_, payload, err := s.ReadMessage()
		if err != nil {
			t.Fatalf("a watcher's message is answered with %v", err)
		}
		if strings.Contains(string(payload), `"code":"bad_request"`) {
			break
		}
	}
}

func TestWatchStandaloneServer(t *testing.T) {
	n := start(t)
	f := openWatcher(t,
		n).until("the server is up", func(f wire.Cluster) bool { return states(f) == "1000:ready" })
	if !f.Redis.Embedded {
		t.Errorf("Redis is %+v", f.Redis)
	}
	resp, err := http.Get("http://" + n.Addr() + "/cluster")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without an upgrade: %s", resp.Status)
	}
}

// A drain closes the sockets of watchers, and a server that stops does not wait
// for them.
func TestWatchADrain(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	a, b := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000", "DRAIN_DELAY=3s")
	here, there := openWatcher(t, a), openWatcher(t, b)
	here.until("both servers are up",
		func(f wire.Cluster) bool { return states(f) == "1000:ready 2000:ready" })
	stopped := make(chan error, 1)
	go func() { stopped <- b.Shutdown(t.Context()) }()
	here.until("one drains", func(f wire.Cluster) bool { return states(f) == "1000:ready 2000:draining" })
	for {
		if _, _, err := there.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, int(wire.CloseRestart)) {
				t.Errorf("its own watcher is told %v", err)
			}
			break
		}
	}
	_ = there.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	here.until("it has left", func(f wire.Cluster) bool { return states(f) == "1000:ready 2000:left" })
}

// When the last watcher leaves, with or without a close frame, the servers stop
// publishing figures.
func TestWatchersThatLeaveAreRemoved(t *testing.T) {
	n := start(t)
	for _, goodbye := range []bool{true, false} {
		s := openWatcher(t, n)
		s.until("the server is up", func(f wire.Cluster) bool { return states(f) == "1000:ready" })
		if goodbye {
			if err := s.WriteMessage(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseGoingAway, "")); err != nil {
				t.Fatal(err)
			}
			for err := error(nil); err == nil; { // until it is answered
				_, _, err = s.ReadMessage()
			}
		}
		_ = s.Close()
		poll.Until(t, "the watcher is gone", func() bool { return n.cluster.Watchers() == 0 })
	}
}

// Watchers are pinged as all clients are: one that answers stays, one that died
// silently does not hold one of the few places.
func TestWatcherWithoutPongIsClosed(t *testing.T) {
	t.Parallel()
	n := start(t, "PING_INTERVAL=100ms", "PONG_TIMEOUT=3s")
	alive, mute := openWatcher(t, n), openWatcher(t, n)
	var frames atomic.Int64
	ended := make(chan error, 1)
	go func() { // reading is what answers pings
		for {
			if _, _, err := alive.ReadMessage(); err != nil {
				ended <- err
				return
			}
			frames.Add(1)
		}
	}()
	mute.SetPingHandler(func(string) error { return nil })
	var end *websocket.CloseError
	for end == nil {
		if _, _, err := mute.ReadMessage(); err != nil && !errors.As(err, &end) {
			t.Fatal(err)
		}
	}
	if end.Code != 4009 {
		t.Errorf("closed with %d", end.Code)
	}
	seen := frames.Load()
	poll.Until(t, "the one that answers is shown more", func() bool {
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
		return frames.Load() > seen+2
	})
}
