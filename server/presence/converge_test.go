package presence

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// step is one event in the cluster.
type step struct {
	kind    string
	server  int
	session int
	room    int
	wait    time.Duration
}

func (s step) String() string {
	return fmt.Sprintf("%s(%d,%d,%d)+%v", s.kind, s.server, s.session, s.room, s.wait)
}

var (
	kinds = []string{
		"enter", "enter", "enter", "exit", "exit", "reload", "move", "kill",
		"stop", "isolate", "reconnect", "drop", "pass", "pass",
	}
	waits = []time.Duration{
		0,
		0,
		time.Millisecond,
		100 * time.Millisecond,
		700 * time.Millisecond,
		time.Second,
		3 * time.Second,
		6 * time.Second,
	}
)

// Whatever happens to clients, servers and connections: after a quiet period
// every server and every client knows who is online.
func TestAllViewsConverge(t *testing.T) {
	steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{
			kind:   rapid.SampledFrom(kinds).Draw(rt, "kind"),
			server: rapid.IntRange(0, 2).Draw(rt, "server"), session: rapid.IntRange(0, 9).Draw(rt, "session"),
			room: rapid.IntRange(0, 1).Draw(rt, "room"), wait: rapid.SampledFrom(waits).Draw(rt, "wait"),
		}
	}), 1, 60)
	rapid.Check(t, func(rt *rapid.T) {
		plan := steps.Draw(rt, "steps")
		var err error
		synctest.Test(t, func(*testing.T) { err = newWorld().live(plan) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// world is a cluster and its true state.
type world struct {
	hub     *hub
	servers [3]*server
	cut     [3]bool
	started int
	here    map[string]place // by session
	// guarded by hub.mu: how many more payloads a server will not receive
	lost map[*server]int
}

type place struct{ server, room, name int }

func newWorld() *world {
	w := &world{hub: newHub(), here: make(map[string]place), lost: make(map[*server]int)}
	w.hub.drop = func(to *server, _ string) bool {
		w.lost[to]--
		return w.lost[to] >= 0
	}
	for i := range w.servers {
		w.begin(i)
	}
	return w
}

func (w *world) begin(i int) {
	w.started++
	w.servers[i] = w.hub.start(fmt.Sprint("node", w.started))
	w.cut[i] = false
}

func (w *world) live(plan []step) error {
	for i, s := range plan {
		w.do(i, s)
		pass(s.wait)
	}
	for i := range w.servers {
		if w.cut[i] {
			w.hub.connect(w.servers[i])
		}
	}
	w.hub.mu.Lock()
	clear(w.lost)
	w.hub.mu.Unlock()
	pass(15 * time.Second)
	err := w.check()
	for _, s := range w.servers {
		s.stop()
	}
	return err
}

func (w *world) do(i int, s step) {
	session := fmt.Sprint("s", s.session)
	switch s.kind {
	case "enter":
		if _, ok := w.here[session]; !ok {
			w.enter(session, place{server: s.server, room: s.room, name: s.session % 6}) // some share a name
		}
	case "exit":
		w.exit(session)
	case "reload", "move":
		if at, ok := w.exit(session); ok {
			if s.kind == "move" {
				at.server = s.server
			}
			pass(200 * time.Millisecond)
			w.enter(fmt.Sprint(session, "-", i), at)
			w.exit(fmt.Sprint(session, "-", i))
			w.enter(session, at)
		}
	case "kill", "stop":
		old := w.servers[s.server]
		if s.kind == "kill" {
			w.hub.kill(old)
		} else {
			old.stop()
			w.hub.disconnect(old)
		}
		maps.DeleteFunc(w.here, func(_ string, at place) bool { return at.server == s.server })
		w.begin(s.server)
	case "isolate":
		w.hub.disconnect(w.servers[s.server])
		w.cut[s.server] = true
	case "reconnect":
		if w.cut[s.server] {
			w.hub.connect(w.servers[s.server])
			w.cut[s.server] = false
		}
	case "drop":
		w.hub.mu.Lock()
		w.lost[w.servers[s.server]] = s.session
		w.hub.mu.Unlock()
	}
}

func (w *world) enter(session string, at place) {
	w.here[session] = at
	w.servers[at.server].enter(fmt.Sprint("room", at.room), session, fmt.Sprint("name", at.name))
}

func (w *world) exit(session string) (at place, ok bool) {
	if at, ok = w.here[session]; ok {
		delete(w.here, session)
		w.servers[at.server].exit(fmt.Sprint("room", at.room), session)
	}
	return at, ok
}

func (w *world) check() error {
	for r := range 2 {
		online, names := 0, map[string]int{}
		for _, at := range w.here {
			if at.room == r {
				online++
				names[fmt.Sprint("name", at.name)]++
			}
		}
		want := describe(online, counted(names))
		for _, s := range w.servers {
			if err := s.check(fmt.Sprint("room", r), want); err != nil {
				return err
			}
			if nodes := s.Nodes(); len(nodes) != len(w.servers) {
				return fmt.Errorf("server %s knows %v", s.opts.Node, nodes)
			}
		}
	}
	return nil
}

// Sequences that random plans rarely contain.
func TestViewsConvergeInRareOrders(t *testing.T) {
	for name, plan := range map[string][]step{
		"a snapshot between two changes that undo each other": {
			{kind: "enter", session: 1, wait: 3 * time.Second},
			{kind: "enter", session: 2, wait: 100 * time.Millisecond},
			{kind: "exit", session: 1}, {kind: "enter", session: 3}, {kind: "enter", session: 1},
		},
		"a count that only servers sharing the room got": {
			{kind: "enter", session: 1}, {kind: "enter", server: 1, wait: 6 * time.Second},
			{kind: "enter", session: 3},
			{kind: "exit", wait: 2 * time.Second}, {kind: "exit", session: 3},
		},
		"a snapshot of a name that comes and goes": {
			{kind: "enter", session: 1, wait: 100 * time.Millisecond}, {kind: "enter", session: 2},
			{kind: "enter", session: 3}, {kind: "exit", session: 2},
		},
		"a snapshot of a number that comes and goes": { // 1, 7 and 13 share a name
			{kind: "enter", session: 1}, {kind: "enter", session: 7, wait: 3 * time.Second},
			{kind: "enter", session: 2, wait: 100 * time.Millisecond},
			{kind: "enter", session: 13}, {kind: "exit", session: 7},
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := newWorld().live(plan); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
