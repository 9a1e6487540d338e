package connections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is some processes on a channel in memory. It is set up before they
// run.
type cluster struct {
	hubs     map[string]*Hub
	redis    fakeRedis
	down     bool     // nothing can be published
	isolated []string // nodes that get nothing
}

// fakeSockets are the connections of one process.
type fakeSockets struct {
	mu       sync.Mutex
	has      []Connection // guarded by mu
	followed Follower     // guarded by mu
}

func (f *fakeSockets) Connections(q Query) (page []Connection, total int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.has {
		if q.Matches(c) {
			total++
			if c.Place() > q.After {
				page = append(page, c)
			}
		}
	}
	slices.SortFunc(page, Connection.Compare)
	return page[:min(len(page), q.Limit)], total
}

func (f *fakeSockets) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.has)
}

func (f *fakeSockets) CloseConnections(q Query) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.has)
	f.has = slices.DeleteFunc(f.has, q.Matches)
	return before - len(f.has)
}

func (f *fakeSockets) Follow(session string, to Follower) (stop func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ok = slices.ContainsFunc(f.has, func(c Connection) bool { return c.Session == session })
	if !ok || f.followed != nil {
		return nil, false
	}
	f.followed = to
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.followed = nil
	}, true
}

// follower returns who follows a connection; nil if nobody does.
func (f *fakeSockets) follower() Follower {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followed
}

func (c *cluster) add(app string, has ...Connection) *fakeSockets {
	if c.hubs == nil {
		c.hubs = map[string]*Hub{}
	}
	for i := range has {
		has[i].App = app
	}
	sockets := &fakeSockets{has: has}
	node := "node" + app
	deliver := func(to string, payload []byte) {
		if h := c.hubs[to]; h != nil && !slices.Contains(c.isolated, to) {
			h.Receive(payload)
		}
	}
	c.hubs[node] = New(Options{
		Node: node, Version: "v" + app, Sockets: sockets, Redis: &c.redis, Prefix: "livechat",
		Logger: slog.New(slog.DiscardHandler),
		Servers: func() (all []Server) {
			for node := range c.hubs {
				all = append(all, Server{Node: node, App: node[len("node"):], Role: "ws"})
			}
			return all
		},
		Send: func(_ context.Context, payload []byte) error {
			if c.down {
				return errors.New("redis is down")
			}
			for node := range c.hubs {
				deliver(node, payload)
			}
			return nil
		},
		SendTo: func(_ context.Context, nodes []string, payloads [][]byte) error {
			for i, node := range nodes {
				deliver(node, payloads[i])
			}
			return nil
		},
	})
	return sockets
}

// test runs a test while all processes run.
func (c *cluster) test(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, h := range c.hubs {
		running.Go(func() { h.Run(ctx) })
	}
	run(t)
	cancel()
	running.Wait()
}

func person(name, room string) Connection {
	return Connection{Session: "s-" + name + room, Name: name, Room: room, Person: "guest:" + name}
}

func names(all []Connection) (names []string) {
	for _, c := range all {
		names = append(names, c.Name+"@"+c.Room+"/"+c.App)
	}
	return names
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cluster
		c.add("1", person("ann", "den"), person("Zoë", "den"), person("bob", "hall"))
		c.add("2", person("ann", "hall"), person("eve", "den"))
		c.add("3") // has only the API
		c.test(t, func(t *testing.T) {
			h := c.hubs["node3"]
			all := []string{"Zoë@den/1", "ann@den/1", "ann@hall/2", "bob@hall/1", "eve@den/2"}
			for limit := 1; limit <= 6; limit++ {
				var got []string
				for after := ""; ; {
					p, err := h.List(t.Context(), Query{After: after, Limit: limit})
					if err != nil || p.Total != 5 || len(p.Missing) > 0 {
						t.Fatalf("page %+v, %v", p, err)
					}
					got = append(got, names(p.Connections)...)
					if after = p.Next; after == "" {
						break
					}
				}
				if !slices.Equal(got, all) {
					t.Errorf("in pages of %d: %q", limit, got)
				}
			}
			for want, q := range map[string]Query{
				"[Zoë@den/1 ann@den/1 eve@den/2]": {Room: "den"}, "[Zoë@den/1]": {Text: "ZO"},
				"[ann@hall/2 eve@den/2]": {App: "2"}, "[ann@den/1 ann@hall/2]": {Person: "guest:ann"},
				"[bob@hall/1]": {Session: "s-bobhall"}, "[]": {Session: "s-bob"},
			} {
				q.Limit = 10
				p, err := h.List(t.Context(), q)
				if got := fmt.Sprint(names(p.Connections)); err != nil || got != want || p.Next != "" {
					t.Errorf("%+v: %s, %v; want %s", q, got, err, want)
				}
			}
		})
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cluster
		one := c.add("1", person("ann", "den"), person("bob", "den"))
		two := c.add("2", person("ann", "hall"))
		c.test(t, func(t *testing.T) {
			q := Query{Person: "guest:ann"}
			n, err := c.hubs["node2"].Close(t.Context(), q)
			if err != nil || n != 2 || len(one.has) != 1 || len(two.has) != 0 {
				t.Errorf("closed %d, %v; left %v and %v", n, err, one.has, two.has)
			}
			if n, err := c.hubs["node2"].Close(t.Context(), q); n != 0 || err != nil {
				t.Errorf("closed again: %d, %v", n, err)
			}
		})
	})
}

// A process that does not answer is named, and waited for no longer than
// patience.
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster{isolated: []string{"node2"}}
		c.add("1", person("ann", "den"))
		c.add("2", person("bob", "den"))
		c.test(t, func(t *testing.T) {
			began := time.Now()
			p, err := c.hubs["node1"].List(t.Context(), Query{Limit: 5})
			if err != nil || fmt.Sprint(names(p.Connections), p.Missing) != "[ann@den/1] [2]" {
				t.Errorf("page %+v, %v", p, err)
			}
			if took := time.Since(began); took != patience {
				t.Errorf("it took %v", took)
			}
			all, err := c.hubs["node1"].Servers(t.Context())
			if err != nil || len(all) != 2 || all[0].Version != "v1" || all[0].Connections != 1 ||
				all[0].Uptime != int64(patience.Seconds()) || all[1].App != "2" || all[1].Version != "" {
				t.Errorf("servers %+v, %v", all, err)
			}
			c.down = true
			if _, err := c.hubs["node1"].List(t.Context(), Query{Limit: 5}); !errors.Is(err, errBusy) {
				t.Errorf("without Redis: %v", err)
			}
		})
		if h := c.hubs["node1"]; len(h.asked) > 0 {
			t.Errorf("%d questions are kept", len(h.asked))
		}
	})
}

// Only so many questions wait; the others are refused, and what is not for the
// Hub is left alone.
func TestBounds(t *testing.T) {
	var c cluster
	c.add("1")
	h := c.hubs["node1"]
	for i := range maxAsked {
		if !h.begin(fmt.Sprint(i), nil) {
			t.Fatalf("refused after %d", i)
		}
	}
	if _, err := h.List(t.Context(), Query{}); !errors.Is(err, errBusy) {
		t.Errorf("one more: %v", err)
	}
	for range 2 * maxQueue { // nobody runs: they are dropped, and nothing waits
		h.Receive([]byte(`{"type":"connections","node":"x","id":"y","ask":"list"}`))
	}
	for payload, want := range map[string]bool{
		`{"type":"presence","node":"a"}`: false, ``: false, `{"type":"connections","node":7}`: true,
		`{"type":"connections","node":"a","id":"b","answer":{}}`: true, // comes too late
	} {
		if got := h.Receive([]byte(payload)); got != want {
			t.Errorf("Receive(%s) = %v", payload, got)
		}
	}
}
