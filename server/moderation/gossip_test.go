package moderation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"livechat/server/chat"
)

// gossips are Watches that tell each other what they publish. did is what it
// has led to.
type gossips struct {
	all  []*Watch
	did  []string
	down error // of the channel
}

// watch adds a Watch. The API's loads rules.
func (g *gossips) watch(name string, api bool) *Watch {
	o := WatchOptions{
		Needed: func() bool { return true }, Logger: slog.New(slog.DiscardHandler),
		Open: func(room string) bool {
			g.did = append(g.did, name+" doubts "+room)
			return false
		},
		Changed: func(payload []byte) (string, bool) { return strings.CutPrefix(string(payload), "changed ") },
		Kicked: func(room string, k Kick) {
			g.did = append(g.did, name+" kicks from "+room+" "+string(k.Person)+k.Name)
		},
		Gossip: func(_ context.Context, payload []byte) error {
			for _, w := range g.all {
				if g.down == nil && !w.Receive(payload) {
					g.did = append(g.did, "not known: "+string(payload))
				}
			}
			return g.down
		},
	}
	if api {
		o.Wanted = func(room string) { g.did = append(g.did, name+" loads "+room) }
	}
	w := NewWatch(o)
	g.all = append(g.all, w)
	return w
}

func TestGossip(t *testing.T) {
	g := &gossips{}
	first := g.watch("first", false)
	g.watch("api", true)
	_, err := first.Load(t.Context(), "hall")
	if e := chat.AsError(err); e.Code != chat.CodeUnavailable || e.RetryAfterMS != 1000 {
		t.Errorf("asking for rules: %v", err)
	}
	for _, k := range []Kick{{Person: "g:x"}, {Name: "gus"}} {
		if err := first.Kick(t.Context(), "hall", k); err != nil {
			t.Error(err)
		}
	}
	first.Receive([]byte("changed den"))
	for _, other := range []string{
		"changed ", `{"type":"rules_wanted","room":17}`, `{"type":"rules_wanted","room":"a b"}`,
		`{"type":"kicked","room":"hall"}`, `{"type":"kicked",`,
	} {
		if !g.all[1].Receive([]byte(other)) {
			t.Errorf("%q is not known", other)
		}
	}
	if first.Receive([]byte(`{"type":"presence"}`)) {
		t.Error("what is of others is taken")
	}
	want := []string{
		"api loads hall",
		"first kicks from hall g:x", "api kicks from hall g:x",
		"first kicks from hall gus", "api kicks from hall gus",
		"first doubts den",
	}
	if !slices.Equal(g.did, want) {
		t.Errorf("got\n%s, want\n%s", strings.Join(g.did, "\n"), strings.Join(want, "\n"))
	}
	g.down = errors.New("no Redis")
	_, err = first.Load(t.Context(), "hall")
	if !errors.Is(err, errAsked) || !errors.Is(err, g.down) {
		t.Errorf("without Redis: %v", err)
	}
}

// While the database does not answer, a server loads the rules that it
// remembers.
func TestLoad(t *testing.T) {
	down := false
	w := NewWatch(WatchOptions{
		Needed: func() bool { return true }, Expel: func(string) {}, Open: func(string) bool { return true },
		Read: func(context.Context, string) (chat.RoomRules, error) { return banned(2), nil },
		Truth: func(context.Context, string) (chat.RoomRules, error) {
			if down {
				return chat.RoomRules{}, errDown
			}
			return banned(3), nil
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	defer w.end()
	version := func(room string) int64 {
		r, err := w.Load(t.Context(), room)
		if err != nil {
			return -1
		}
		return r.Version
	}
	if got := version("hall"); got != 3 {
		t.Errorf("version %d, want that of the database", got)
	}
	w.Await(t.Context(), "hall")
	down = true
	if hall, den := version("hall"), version("den"); hall != 2 || den != -1 {
		t.Errorf("without the database: %d and %d; want what is remembered, and an error", hall, den)
	}
}
