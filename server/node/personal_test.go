package node

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testapi"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// receives reads messages up to one with a text, and returns that.
func (p *peer) receives(text string) event {
	p.t.Helper()
	for {
		if m := p.next("message"); m.Text == text {
			return m
		}
	}
}

// sees reads frames up to one with a part.
func (p *peer) sees(part string) {
	p.t.Helper()
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", part, err)
		}
		if bytes.Contains(b, []byte(part)) {
			return
		}
	}
}

// nowhere fails if a text is anywhere in Redis, or in the archive or its export.
func (s *erasing) nowhere(text string) {
	s.t.Helper()
	places := map[string]string{
		"Redis":    everythingIn(s.redis),
		"the room": getText(s.t, s.one, "/api/v1/rooms/livechat/messages/?after=0"),
		"a search": strings.ReplaceAll(getText(s.t, s.one, "/api/v1/search/?room=livechat&q="+text), "q="+text, ""),
		"pg_dump":  dumpOf(s.t, s.database),
	}
	var out bytes.Buffer
	if _, err := s.one.services.store.Export(s.t.Context(), &out); err != nil {
		s.t.Fatal(err)
	}
	places["the export"] = out.String()
	for _, query := range []string{"history=100", fmt.Sprintf("after=%s:0", s.epoch)} {
		for _, n := range []*Node{s.one, s.two} {
			places["a server, "+query] += dial(s.t, n, query).until(s.seq)
		}
	}
	for where, all := range places {
		if strings.Contains(all, text) {
			s.t.Errorf("%s has %q:\n%.2000s", where, text, all)
		}
	}
}

// erasing is two servers on a Redis and a database.
type erasing struct {
	t        *testing.T
	redis    *testredis.Server
	database string
	one, two *Node
	epoch    string
	seq      uint64 // the last message
}

func newErasing(t *testing.T, database string) *erasing {
	r := testredis.New(t)
	r.Start()
	common := []string{"REDIS_URL=" + r.URL, database, "MESSAGE_RATE=0"}
	return &erasing{t: t, redis: r, database: database, one: start(t, common...),
		two: start(t, append(common, "APPID=2000")...)}
}

// archived waits until the archive has what was said last.
func (s *erasing) archived(id string) {
	s.t.Helper()
	poll.Until(s.t, "it is archived", func() bool {
		return strings.Contains(getText(s.t, s.one, "/api/v1/rooms/livechat/messages/?after=0"), id)
	})
}

// finished waits until the last erasure is.
func (s *erasing) finished() {
	s.t.Helper()
	poll.Until(s.t, "the erasure is finished", func() bool {
		all, err := s.one.services.store.Erasures(s.t.Context(), 0, 1)
		return err == nil && len(all) == 1 && !all[0].Finished.IsZero()
	})
}

// likes waits until the archive has so many reactions that count.
func (s *erasing) likes(want int) {
	s.t.Helper()
	poll.Until(s.t, "reactions are archived", func() bool {
		page := getText(s.t, s.one, "/api/v1/rooms/livechat/messages/?after=0")
		return strings.Count(page, `"reactions"`) == want
	})
}

// An account that goes with its messages leaves no text of its own anywhere.
// Those of others stay, and everybody who is there is told.
func TestAccountIsErased(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, database string) {
		s := newErasing(t, database)
		ann, bob := newAPIUser(t, s.one, "ann"), newAPIUser(t, s.one, "bob")
		ann.register()
		bob.register()
		watch := dial(t, s.two, "history=0")
		room := ann.socket(s.one, "/ws")
		s.epoch = room.welcome.Epoch
		room.send("a secret walrus")
		m := room.next("message")
		room.edits(target(m), "a secret badger")
		room.next("edit")
		other := bob.socket(s.two, "/ws")
		other.says(uuid.NewString(), "why that?", `"reply":`+target(m))
		other.receives("why that?")
		other.send("bob stays")
		kept := other.receives("bob stays")
		room.send("the last secret")
		last := room.receives("the last secret")
		room.reacted(target(kept), "👍", true)
		watch.summary("map[👍:1]")
		created := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})
		path := "/chats/" + created["id"].(string) + "/messages/"
		ann.do(http.StatusCreated, "POST", path, map[string]string{"text": "a secret heron"})
		bob.do(http.StatusCreated, "POST", path, map[string]string{"text": "bob says"})
		feed := bob.socket(s.two, "/feed")
		s.archived(last.ID)

		s.likes(1)

		ann.do(http.StatusNoContent, "DELETE", "/me/",
			map[string]string{"password": testapi.Password, "messages": "erase"})
		for range 2 {
			if d := watch.next("delete"); d.Author != "@ann" || d.Target.ID != m.ID && d.Target.ID != last.ID {
				t.Errorf("the room got %+v", d)
			}
		}
		feed.sees(`"event":"delete"`)
		s.finished()
		s.likes(0)
		s.seq = last.Seq
		s.nowhere("secret")
		page := getText(t, s.one, "/api/v1/rooms/livechat/messages/?after=0")
		for _, want := range []string{"why that?", "bob stays", `"deleted":true`} {
			if !strings.Contains(page, want) {
				t.Errorf("the archive has no %q: %s", want, page)
			}
		}
		if strings.Contains(page, `ann"`) || strings.Contains(page, `"reactions"`) {
			t.Errorf("the archive has her name, or a reaction: %s", page)
		}
	})
}

// Messages that are kept lose the name, in the archive and where they are
// quoted.
func TestAccountGoesWithoutMessages(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, database string) {
		s := newErasing(t, database)
		ann, bob := newAPIUser(t, s.one, "ann"), newAPIUser(t, s.one, "bob")
		ann.register()
		bob.register()
		room := ann.socket(s.one, "/ws")
		room.send("a walrus")
		m := room.next("message")
		other := bob.socket(s.two, "/ws")
		other.says(uuid.NewString(), "why that?", `"reply":`+target(m))
		s.archived(other.receives("why that?").ID)
		ann.do(http.StatusBadRequest, "DELETE", "/me/",
			map[string]string{"password": testapi.Password, "messages": "all"})
		ann.do(http.StatusNoContent, "DELETE", "/me/", map[string]string{"password": testapi.Password})
		s.finished()
		page := getText(t, s.one, "/api/v1/rooms/livechat/messages/?after=0")
		if strings.Contains(page, "ann") || strings.Count(page, `"name":"deleted"`) != 2 ||
			strings.Count(page, "a walrus") != 2 {
			t.Errorf("the archive has %s", page)
		}
		// It can be deleted still, and under its number alone.
		d := chat.Message{Type: chat.TypeDelete, ID: uuid.NewString(), Author: "@ann", Name: "ann",
			Extra: chat.ByAuthor(chat.Target{Seq: m.Seq, ID: m.ID})}
		if err := s.one.bus.Publish(t.Context(), chat.DefaultRoom, d, chat.Writer{},
			func(chat.Position, bool, error) {}); err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "the delete is archived", func() bool {
			return !strings.Contains(getText(t, s.one, "/api/v1/rooms/livechat/messages/?after=0"), "a walrus")
		})
	})
}
