package node

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

const guestKey = "00112233445566778899aabbccddeeff"

var byAnn = store.By{User: 1, Name: "ann", Reason: "spam"}

// guestOf returns the subject of a guest key.
func guestOf(t testing.TB, key string) chat.Subject {
	t.Helper()
	author, err := chat.GuestAuthor(key)
	if err != nil {
		t.Fatal(err)
	}
	return chat.GuestSubject(author)
}

// orders returns an order about a subject in the default room.
func orders(of chat.Subject) moderation.Order {
	return moderation.Order{Room: chat.DefaultRoom, Subject: of, Name: "gus", By: byAnn}
}

// codeOf sends a message with an id, and returns the code of the answer; empty
// for an ack.
func (p *peer) codeOf(id string) (code string) {
	p.t.Helper()
	p.send(`{"type":"message","id":"` + id + `","text":"hello"}`)
	for {
		switch e := p.any(); {
		case e.Type == "ack" && e.ID == id:
			return ""
		case e.Type == "error" && e.ID == id:
			return e.Code
		}
	}
}

// settles says something until the answer is not that the room cannot be
// reached.
func (p *peer) settles() (code string) {
	p.t.Helper()
	poll.Until(p.t, "the room can be reached", func() bool {
		code = p.codeOf(uuid.NewString())
		return code != string(chat.CodeUnavailable)
	})
	return code
}

// startApart starts an API server and two with sockets, the second of
// them without a database.
func startApart(t *testing.T) (api *Node, nodes []*Node) {
	t.Helper()
	r := testredis.New(t)
	r.Start()
	redisURL, db := "REDIS_URL="+r.URL, "DATABASE_URL="+postgres.Database(t)
	return start(t, redisURL, "ROLE=api", "APPID=api", db), []*Node{
		start(t, redisURL, "ROLE=ws", "APPID=1", db),
		start(t, redisURL, "ROLE=ws", "APPID=2", "DATABASE_URL="),
	}
}

// A ban closes the sockets on all servers, those without a database included,
// and keeps them out. Everybody else stays.
func TestBan(t *testing.T) {
	t.Parallel()
	api, nodes := startApart(t)
	var guests, others []*peer
	for _, n := range nodes {
		guests = append(guests, dialAs(t, n, guestKey, "name=gus"))
		others = append(others, dial(t, n, "name=eve"))
		poll.Until(t, "it knows the API server", n.rulesNeeded)
	}
	if code := guests[1].codeOf(uuid.NewString()); code != "" {
		t.Fatalf("before: %s", code)
	}
	gus := guestOf(t, guestKey)
	order := orders(gus)
	order.Ends = time.Now().Add(time.Hour)
	if err := api.services.rules.Ban(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	log, err := api.services.store.Audit(t.Context(), store.AuditEntry{}, 1)
	if err != nil || len(log) != 1 || log[0].Action != store.ActionBan || log[0].By != byAnn {
		t.Errorf("audit log: %+v, %v", log, err)
	}
	for i, p := range guests {
		if e := p.nextError(); e.Code != "banned" || e.Retryable || e.RetryAfterMS <= 0 ||
			e.RetryAfterMS > time.Hour.Milliseconds() {
			t.Errorf("server %d: %+v", i, e)
		}
		if code := p.closed(); code != 4503 {
			t.Errorf("server %d: closed with %d", i, code)
		}
	}
	for i, n := range nodes {
		late := connect(t, n, []string{"livechat.user", "livechat.guest." + guestKey}, "name=other")
		if e := late.nextError(); e.Code != "banned" {
			t.Errorf("server %d: a handshake gets %+v", i, e)
		}
		if code := late.closed(); code != 4503 {
			t.Errorf("server %d: a handshake is closed with %d", i, code)
		}
		dialAs(t, n, guestKey, "room=den")
		if code := others[i].codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: others get %s", i, code)
		}
	}
	if err := api.services.rules.Unban(t.Context(), chat.DefaultRoom, gus, byAnn); err != nil {
		t.Fatal(err)
	}
	for i, n := range nodes {
		poll.Until(t, "the server knows that the ban is over", func() bool {
			return n.ruled.Admits(chat.DefaultRoom, chat.Writer{Person: gus}) == nil
		})
		if code := dialAs(t, n, guestKey).codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: after the ban: %s", i, code)
		}
	}
}

// The rules of a room refuse messages that come over a socket.
func TestRulesOverASocket(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		rules := n.services.rules
		anna := newAPIUser(t, n, "anna")
		anna.register()
		account, guest := anna.socket(n, "/ws"), dialAs(t, n, guestKey)
		first := uuid.NewString()
		if code := guest.codeOf(first); code != "" {
			t.Fatalf("before: %s", code)
		}
		set := func(r store.RoomSettings) {
			t.Helper()
			if err := rules.SetRules(t.Context(), chat.DefaultRoom,
				func(now *store.RoomSettings) { *now = r },
				byAnn); err != nil {
				t.Fatal(err)
			}
		}
		wants := func(what string, p *peer, want string) {
			t.Helper()
			if code := p.codeOf(uuid.NewString()); code != want {
				t.Errorf("%s: %q, want %q", what, code, want)
			}
		}
		if err := rules.Mute(t.Context(), orders(guestOf(t, guestKey))); err != nil {
			t.Fatal(err)
		}
		wants("muted", guest, "muted")
		wants("another", account, "")
		if code := guest.codeOf(first); code != "" {
			t.Errorf("what was taken before the mute: %s", code)
		}
		if err := rules.Unmute(t.Context(), chat.DefaultRoom, guestOf(t, guestKey), byAnn); err != nil {
			t.Fatal(err)
		}
		set(store.RoomSettings{Registered: true})
		wants("a guest", guest, "registered_only")
		wants("an account", account, "")
		set(store.RoomSettings{Paused: true})
		wants("paused", account, "paused")
		set(store.RoomSettings{Slow: time.Hour})
		wants("the first in slow mode", account, "")
		wants("the second", account, "slow_mode")
		set(store.RoomSettings{Words: chat.WordsText([]string{`\bнello\b`})}) // looks like hello
		wants("a blocked word", account, "blocked_words")
		set(store.RoomSettings{Words: chat.WordsText([]string{"hell,"})})
		wants("another one", account, "")
		for what, bad := range map[string][]string{"no expression": {"(a"}, "everything": {"a*"}} {
			err := rules.SetRules(t.Context(), chat.DefaultRoom, func(now *store.RoomSettings) {
				now.Words = chat.WordsText(bad)
			}, byAnn)
			if chat.AsError(err).Code != chat.CodeBadRequest {
				t.Errorf("%s: %v", what, err)
			}
		}
		set(store.RoomSettings{})
		wants("without rules", guest, "")
		err := rules.Unmute(t.Context(), chat.DefaultRoom, "g:nobody", byAnn)
		if chat.AsError(err).Code != chat.CodeNotFound {
			t.Errorf("unmute nobody: %v", err)
		}
	})
}
