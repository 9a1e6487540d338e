package node

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/testredis"
)

const (
	annKey   = "00112233445566778899aabbccddeeff"
	otherKey = "ffeeddccbbaa99887766554433221100"
	sameText = "the same words"
)

// sendAs sends a message with an id and returns its position.
func (p *peer) sendAs(id, text string) (seq uint64, duplicate bool) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"message","id":"%s","text":"%s"}`, id, text))
	e := p.next("ack")
	return e.Seq, e.Duplicate
}

// TestIDsBelongToTheirSenders: a client that reuses an id it has read in the
// room does not learn its position, does not keep the sender from sending it
// again, and does not hide the message. The sender has it once, across
// reconnects.
func TestIDsBelongToTheirSenders(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		account := newAPIUser(t, p.api, "carol")
		account.register()
		senders := map[string]func(n *Node) *peer{
			"a guest with a key":    func(n *Node) *peer { return dialAs(t, n, annKey, "name=ann", "history=0") },
			"a guest without a key": func(n *Node) *peer { return dial(t, n, "name=ann", "history=0") },
			"an account":            func(n *Node) *peer { return account.socket(n, "/ws?history=0") },
		}
		for name, sender := range senders {
			t.Run(name, func(t *testing.T) {
				id := uuid.NewString()
				reader := dial(t, p.second, "history=0")
				first, _ := sender(p.first).sendAs(id, sameText)

				evil := dialAs(t, p.second, otherKey, "name=ann", "history=0")
				if at, duplicate := evil.sendAs(id, sameText); at == first || duplicate {
					t.Errorf("another guest got the position %d of ann's message: %d, %v", first, at,
						duplicate)
				}
				other := dial(t, p.second, "name=eve", "history=0")
				if at, duplicate := other.sendAs(id, "other words"); at == first || duplicate {
					t.Errorf("a guest without a key got the position %d of ann's message: %d, %v", first,
						at, duplicate)
				}
				if at, duplicate := sender(p.second).sendAs(id, sameText); at != first || !duplicate {
					t.Errorf("sent again it is at %d, %v; want %d again", at, duplicate, first)
				}

				authors := map[string]bool{}
				for _, want := range []string{sameText, sameText, "other words"} {
					m := reader.next("message")
					if m.Text != want || m.ID != id {
						t.Errorf("received %+v, want %q", m, want)
					}
					authors[m.Author] = true
				}
				if len(authors) < 2 {
					t.Errorf("the senders have the same author: %v", authors)
				}
			})
		}
	})
}

func TestAuthors(t *testing.T) {
	n := start(t)
	account := newAPIUser(t, n, "carol")
	account.register()
	ann, evil := dialAs(t, n, annKey, "name=ann"), dialAs(t, n, otherKey, "name=ann")
	carol, nobody := account.socket(n, "/ws"), dial(t, n, "name=ann")
	for _, p := range []*peer{ann, evil, carol, nobody} {
		p.send("hello")
		if m := p.next("message"); m.Author != p.welcome.Author {
			t.Errorf("the welcome of %s says author %q, the message %q", p.welcome.Name, p.welcome.Author,
				m.Author)
		}
		for _, q := range []*peer{ann, evil, carol, nobody} {
			if q != p {
				q.next("message")
			}
		}
	}
	a, again := ann.welcome.Author, dialAs(t, n, annKey, "name=annie").welcome.Author
	if a == "" || a != again || a == evil.welcome.Author || strings.Contains(a, annKey[:8]) {
		t.Errorf("authors: %q, again %q, another guest %q", a, again, evil.welcome.Author)
	}
	if carol.welcome.Author != "@carol" || nobody.welcome.Author != "" {
		t.Errorf("author of an account %q, without a key %q", carol.welcome.Author, nobody.welcome.Author)
	}
	ann.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"words"}`)
	ann.next("ack")
	ann.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"other words"}`)
	if e := ann.nextError(); e.Code != "id_conflict" || e.Retryable {
		t.Errorf("the id of another of her own messages: %+v", e)
	}
}

func TestBadGuestKeys(t *testing.T) {
	n := start(t)
	for _, key := range []string{"", "x", strings.ToUpper(annKey), annKey + "00"} {
		if status, code := refused(t, n, nil, []string{"livechat.user", "livechat.guest." + key}); status != 400 ||
			code != "bad_request" {
			t.Errorf("key %q: %d %s", key, status, code)
		}
	}
}

// TestIDsAreKnownAfterARepair: the log is restored from what the servers have,
// and still knows the sender of each id.
func TestIDsAreKnownAfterARepair(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	id := uuid.NewString()
	first, _ := dialAs(t, n, annKey, "name=ann").sendAs(id, sameText)
	second, _ := dial(t, n, "name=bob").sendAs(id, sameText)
	r.CLI("flushall")
	if at, _ := dial(t, n, "name=eve").sendAs(uuid.NewString(), "what is said next finds it out"); at <= second {
		t.Fatalf("the log has gone back: to %d from %d", at, second)
	}
	if at, duplicate := dialAs(t, n, annKey, "name=ann").sendAs(id, sameText); at != first || !duplicate {
		t.Errorf("ann's message sent again is at %d, %v; want %d again", at, duplicate, first)
	}
	if at, duplicate := dial(t, n, "name=bob").sendAs(id, sameText); at != second || !duplicate {
		t.Errorf("bob's message sent again is at %d, %v; want %d again", at, duplicate, second)
	}
	if at, duplicate := dialAs(t, n, otherKey, "name=ann").sendAs(id, sameText); at <= second || duplicate {
		t.Errorf("another guest's message is at %d, %v", at, duplicate)
	}
}
