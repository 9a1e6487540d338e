package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"livechat/server/chat"
)

// truth is where the rules of rooms come from in a test: the database.
type truth struct {
	mu    sync.Mutex
	rules map[string]chat.RoomRules // guarded by mu
	away  bool                      // guarded by mu
	asked int                       // guarded by mu
}

var errAway = errors.New("the database is away")

func newTruth() *truth { return &truth{rules: make(map[string]chat.RoomRules)} }

// of is Options.Rules.
func (d *truth) of(_ context.Context, room string) (chat.RoomRules, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.away {
		return chat.RoomRules{}, errAway
	}
	return d.rules[room], nil
}

func (d *truth) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *truth) setAway(away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away = away
}

// change changes the truth about a room, and returns it.
func (d *truth) change(room string, change func(*chat.RoomRules)) chat.RoomRules {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.rules[room]
	r.Muted, r.Banned, r.Roles = maps.Clone(r.Muted), maps.Clone(r.Banned), maps.Clone(r.Roles)
	if r.Muted == nil {
		r.Muted, r.Banned = make(map[chat.Subject]int64), make(map[chat.Subject]int64)
	}
	change(&r)
	r.Version++
	d.rules[room] = r
	return r
}

// decides changes the truth about a room, and tells Redis through a server.
func (d *truth) decides(t testing.TB, b *Bus, room string, change func(*chat.RoomRules)) {
	t.Helper()
	if err := b.Rules().Set(t.Context(), room, d.change(room, change)); err != nil {
		t.Fatal(err)
	}
}

func mute(who chat.Subject) func(*chat.RoomRules) {
	return func(r *chat.RoomRules) { r.Muted[who] = 0 }
}
func ban(who chat.Subject) func(*chat.RoomRules) {
	return func(r *chat.RoomRules) { r.Banned[who] = 0 }
}

// roles gives all of these the same role.
func roles(role chat.RoomRole, of ...chat.Writer) map[chat.Subject]chat.RoomRole {
	all := make(map[chat.Subject]chat.RoomRole)
	for _, w := range of {
		all[w.Person] = role
	}
	return all
}

func access(a chat.Access, members ...chat.Writer) func(*chat.RoomRules) {
	return func(r *chat.RoomRules) { r.Access, r.Roles = a, roles(chat.RoleMember, members...) }
}

var (
	annie   = chat.Writer{Person: chat.AccountSubject(1), Address: chat.AddressSubject("home")}
	benny   = chat.Writer{Person: chat.AccountSubject(2)}
	gus     = chat.Writer{Person: chat.GuestSubject("key")}
	someone = chat.Writer{Person: chat.GuestSubject("session")}
)

// sayBy publishes one entry of a person and waits for the answer.
func sayBy(t testing.TB, b *Bus, room, kind, id string, by chat.Writer) (Receipt, error) {
	t.Helper()
	answers := make(chan answer, 1)
	p := publication(room, id, "hello", answers)
	p.By, p.Type = by, kind
	return answered(t, b, p, answers)
}

// takes fails unless the room takes a message.
func takes(t testing.TB, b *Bus, room, id string, by chat.Writer) Receipt {
	t.Helper()
	r, err := sayBy(t, b, room, "", id, by)
	if err != nil {
		t.Fatalf("message %s of %s: %v", id, by.Person, err)
	}
	return r
}

// refuses fails unless the room refuses a message with this code.
func refuses(t testing.TB, b *Bus, room, id string, by chat.Writer, code chat.Code) {
	t.Helper()
	r, err := sayBy(t, b, room, "", id, by)
	if err == nil || chat.AsError(err).Code != code {
		t.Fatalf("message %s of %s: %+v, %v; want %s", id, by.Person, r, err, code)
	}
}

// withTruth returns options of a server that needs to know the rules.
func (d *truth) options() Options { return Options{Rules: d.of} }

// servers returns buses that are subscribed to a room and know where the truth is.
func servers(t testing.TB, url string, d *truth, n int) (all []*Bus) {
	t.Helper()
	for range n {
		b, _ := start(t, url, d.options(), room)
		all = append(all, b)
	}
	return all
}

// underLoad lets others write on all servers until the returned function is
// called.
func underLoad(t testing.TB, all []*Bus) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for i, b := range all {
		senders.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				answers := make(chan answer, 1)
				p := publication(room, fmt.Sprint("load-", i, "-", n), "hello", answers)
				p.By = someone
				if err := b.PublishBody(ctx, p); err != nil {
					return
				}
				if a := <-answers; a.err != nil && ctx.Err() == nil {
					t.Errorf("message %d of the load on server %d: %v", n, i, a.err)
				}
			}
		})
	}
	return func() {
		cancel()
		senders.Wait()
	}
}

func wantRefusal(t *testing.T, what string, err error, code chat.Code) {
	t.Helper()
	if err == nil && code == "" {
		return
	}
	if e := chat.AsError(err); err == nil || e.Code != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}
