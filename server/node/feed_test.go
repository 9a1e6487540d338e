package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"livechat/server/auth"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/wire"
)

// A user's feed delivers everything meant for the user, once and in order, to
// each of their sockets, on any server; a ticket opens it once.
func TestFeedDeliversAndResumes(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		first, second, other := openFeed(t, n, 7), openFeed(t, n, 7), openFeed(t, n, 8)
		for i := range 3 {
			publishEvent(t, n, 7, fmt.Sprint("for seven ", i))
		}
		publishEvent(t, n, 8, "for eight")
		for i := range uint64(3) {
			for _, p := range []*peer{first, second} {
				if m := p.next("message"); m.Seq != i+1 || m.Text != fmt.Sprint("for seven ", i) {
					t.Errorf("event %d: %+v", i, m)
				}
			}
		}
		if m := other.next("message"); m.Seq != 1 || m.Text != "for eight" {
			t.Errorf("another user's feed: %+v", m)
		}

		_ = first.Close()
		publishEvent(t, n, 7, "missed")
		again := openFeed(t, n, 7, fmt.Sprintf("after=%s:3", first.welcome.Epoch))
		if w := again.welcome; w.Recovered == nil || !*w.Recovered {
			t.Errorf("resumed: %+v", w)
		}
		if m := again.next("message"); m.Seq != 4 || m.Text != "missed" {
			t.Errorf("after resuming: %+v", m)
		}

		second.send("I want to talk")
		if e := second.nextError(); e.Code != string(chat.CodeBadRequest) {
			t.Errorf("a message sent to a feed: %+v", e)
		}
	})
}

func TestTicketOpensOneFeed(t *testing.T) {
	n := start(t)
	ticket := issue(t, n, 7)
	if _, status := tryFeed(t, n, ticket); status != http.StatusSwitchingProtocols {
		t.Fatalf("a good ticket: %d", status)
	}
	for name, bad := range map[string]string{"used": ticket, "made up": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"none": ""} {
		if _, status := tryFeed(t, n, bad); status != http.StatusUnauthorized {
			t.Errorf("a ticket that is %s: %d", name, status)
		}
	}
	resp, err := http.Get("http://" + n.Addr() + "/ws?room=user:7")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, _ = io.Copy(io.Discard, resp.Body); resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("asking for a feed without an upgrade: %d", resp.StatusCode)
	}
	_, resp, err = websocket.DefaultDialer.Dial(address(n, "room=user:7"), nil)
	if err == nil {
		t.Fatal("a guest joins a feed as a room")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a guest joins a feed as a room: %d", resp.StatusCode)
	}
}

// A malformed query does not open a feed at its end: the client asked for
// events that it missed, and would not learn that it did not get them.
func TestBadFeedQueryIsRefused(t *testing.T) {
	n := start(t)
	for _, query := range []string{"after=%zz", "after=0123456789abcdef:7&%zz",
		"x=1;after=0123456789abcdef:7", "room=livechat"} {
		ticket := issue(t, n, 7)
		dialer := websocket.Dialer{Subprotocols: []string{"livechat.user", "livechat.ticket." + ticket}}
		conn, resp, err := dialer.DialContext(t.Context(), "ws://"+n.Addr()+"/feed?"+query, nil)
		if resp == nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if err == nil {
			_ = conn.Close()
		}
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", query, resp.StatusCode)
		}
		if _, status := tryFeed(t, n, ticket); status != http.StatusSwitchingProtocols {
			t.Errorf("%s: the ticket was spent: %d", query, status)
		}
	}
}

// A user who is logged out receives nothing more; after logging in again they
// do.
func TestRevokedFeedsAreClosed(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		old := issue(t, n, 7)
		p, other := openFeed(t, n, 7), openFeed(t, n, 8)
		if err := n.auth.Revoke(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		if code := p.closed(); code != int(wire.CloseLoggedOut) {
			t.Errorf("closed with %d", code)
		}
		// A ticket from before the logout does not help.
		sneaky, status := tryFeed(t, n, old)
		if status != http.StatusSwitchingProtocols {
			t.Fatalf("status %d", status)
		}
		if code := sneaky.closed(); code != int(wire.CloseLoggedOut) {
			t.Errorf("with a ticket from before: closed with %d", code)
		}
		back := openFeed(t, n, 7)
		publishEvent(t, n, 7, "welcome back")
		publishEvent(t, n, 8, "still here")
		if m := back.next("message"); m.Text != "welcome back" {
			t.Errorf("after logging in again: %+v", m)
		}
		if m := other.next("message"); m.Text != "still here" {
			t.Errorf("another user: %+v", m)
		}
	})
}

func issue(t *testing.T, n *Node, user int64) string {
	t.Helper()
	return issueUntil(t, n, user, time.Now().Add(time.Hour))
}

func issueUntil(t testing.TB, n *Node, user int64, ends time.Time) string {
	t.Helper()
	now, err := n.auth.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ticket, _, err := n.auth.IssueTicket(t.Context(),
		auth.Ticket{User: user, Name: fmt.Sprint("user-", user), Issued: now, Ends: ends})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func tryFeed(t *testing.T, n *Node, ticket string, query ...string) (*peer, int) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"livechat.user", "livechat.ticket." + ticket}}
	url := "ws://" + n.Addr() + "/feed" + address(n, query...)[len("ws://"+n.Addr()+"/ws"):]
	conn, resp, err := dialer.DialContext(t.Context(), url, nil)
	if resp == nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err != nil {
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.Close() })
	if got := conn.Subprotocol(); got != "livechat.user" {
		t.Errorf("the server chose %q", got)
	}
	p := &peer{Conn: conn, t: t}
	p.deadline(time.Minute)
	return p, resp.StatusCode
}

func openFeed(t *testing.T, n *Node, user int64, query ...string) *peer {
	t.Helper()
	p, status := tryFeed(t, n, issue(t, n, user), query...)
	if p == nil {
		t.Fatalf("open the feed of user %d: %d", user, status)
	}
	p.welcome = p.next("welcome")
	return p
}

// publishEvent publishes an event to a user's feed, and returns when it is in
// the log.
func publishEvent(t *testing.T, n *Node, user int64, text string) {
	t.Helper()
	m := chat.Message{ID: uuid.NewString(), App: "api", Name: "somebody", Text: text}
	done := make(chan error, 1)
	err := n.bus.PublishBody(context.Background(), bus.Publication{
		Room: chat.FeedRoom(user), ID: m.ID, Body: chat.AppendBody(nil, &m), Digest: chat.Digest(text),
		Done: func(_ bus.Receipt, err error) { done <- err },
	})
	if err == nil {
		err = <-done
	}
	if err != nil {
		t.Fatal(err)
	}
}
