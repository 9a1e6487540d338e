package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// deletes sends a delete and returns the frame's id.
func (p *peer) deletes(target string) (id string) {
	p.t.Helper()
	id = uuid.NewString()
	p.send(fmt.Sprintf(`{"type":"delete","id":"%s","target":%s}`, id, target))
	return id
}

// until reads frames up to the entry seq and returns all of them.
func (p *peer) until(seq uint64) string {
	p.t.Helper()
	p.deadline(pollTime)
	var all strings.Builder
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("after %s: %v", all.String(), err)
		}
		fmt.Fprintf(&all, "%s\n", b)
		if bytes.Contains(b, fmt.Appendf(nil, `","seq":%d,"id":`, seq)) {
			return all.String()
		}
	}
}

func TestAuthorsDelete(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		reader := dial(t, p.second, "name=reader", "history=0")
		first := dialAs(t, p.first, annKey, "name=ann", "history=0")
		first.send("hello")
		m := first.next("message")
		evil := dialAs(t, p.second, otherKey, "name=ann", "history=0")
		evil.deletes(target(m))
		evil.refused("another guest", "not_yours")
		evil.deletes(`{"seq":99,"id":"` + uuid.NewString() + `"}`)
		evil.refused("never said", "unknown_message")
		second := dialAs(t, p.second, annKey, "name=ann", "history=0")
		guest := dial(t, p.first, "name=guest", "history=0")
		said := map[*peer]event{}
		for _, who := range []*peer{second, guest} {
			who.says(uuid.NewString(), "why?", `"reply":`+target(m))
			said[who] = who.next("ack")
		}
		id := second.deletes(target(m))
		ack := second.next("ack")
		if ack.ID != id || ack.Seq <= m.Seq || ack.Duplicate {
			t.Errorf("ack %+v after %+v", ack, m)
		}
		if d := reader.next("delete"); d.ID != id || d.Target.ID != m.ID || d.Target.Seq != m.Seq ||
			d.Author != m.Author {
			t.Errorf("the delete is %+v", d)
		}
		second.send(fmt.Sprintf(`{"type":"delete","id":"%s","target":%s}`, id, target(m)))
		if again := second.next("ack"); again.Seq != ack.Seq || !again.Duplicate {
			t.Errorf("sent again: %+v", again)
		}
		again := second.deletes(target(m))
		if got := second.next("ack"); got.ID != again {
			t.Errorf("deleted again: %+v", got)
		}
		second.edits(target(m), "x")
		second.refused("an edit of a deleted message", "unknown_message")
		second.says(uuid.NewString(), "hi", `"reply":`+target(m))
		second.refused("a reply to a deleted message", "unknown_message")
		for who, was := range said {
			who.says(was.ID, "why?", `"reply":`+target(m))
			if again := who.next("ack"); again.Seq != was.Seq || !again.Duplicate {
				t.Errorf("a reply from before the delete, sent again: %+v after %+v", again, was)
			}
		}
		second.says(said[second].ID, "why not?", `"reply":`+target(m))
		second.refused("another reply under its id", "id_conflict")
	})
}

// Redis remembers for IDTTL that a message is deleted; the tombstone tells it
// after that.
func TestDeletedForLong(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	ann := dialAs(t, n, annKey, "name=ann", "history=0")
	ann.send("hello")
	m := ann.next("message")
	ann.deletes(target(m))
	ann.next("delete")
	if n := strings.TrimSpace(r.CLI("DEL", "{livechat}:deleted:"+m.ID)); n != "1" {
		t.Fatalf("Redis remembered %s deletes", n)
	}
	ann.edits(target(m), "x")
	ann.refused("an edit", "unknown_message")
	ann.says(uuid.NewString(), "hi", `"reply":`+target(m))
	ann.refused("a reply", "unknown_message")
}

// A deleted text is nowhere: in no frame of any server, no page, search or
// export, and not in Redis or the database; also after Redis has lost
// everything, or was set back to a time before the delete.
func TestDeletedMeansGone(t *testing.T) {
	t.Parallel()
	onDatabases(t, deletedMeansGone)
}

// onDatabases runs a test on each database, whose setting it gets.
func onDatabases(t *testing.T, run func(t *testing.T, setting string)) {
	t.Helper()
	for name, setting := range map[string]string{
		"sqlite":   "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db"),
		"postgres": "DATABASE_URL=" + postgres.Database(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, setting)
		})
	}
}

func deletedMeansGone(t *testing.T, database string) {
	r := testredis.New(t, "--appendonly", "no")
	r.Start()
	file := filepath.Join(strings.Fields(r.CLI("CONFIG", "GET", "dir"))[1], "dump.rdb")
	common := []string{"REDIS_URL=" + r.URL, database, "MESSAGE_RATE=0"}
	one, two := start(t, common...), start(t, append(common, "APPID=2000")...)
	watch := dial(t, two, "history=0")
	ann := dialAs(t, one, annKey, "name=ann", "history=0")
	ann.send("the secret walrus")
	m := ann.next("message")
	ann.edits(target(m), "the secret badger")
	ann.next("edit")
	ann.says(uuid.NewString(), "why?", `"reply":`+target(m))
	ann.next("message")
	r.CLI("SAVE")
	dump, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ann.deletes(target(m))
	d := ann.next("delete")
	watch.until(d.Seq)
	check := func(what string, seq uint64) {
		t.Helper()
		gone := func(where, all string) {
			t.Helper()
			if strings.Contains(all, "secret") {
				t.Errorf("%s: %s has the text:\n%s", what, where, all)
			}
		}
		for name, n := range map[string]*Node{"one": one, "two": two} {
			poll.Until(t, what+": "+name+" has all of it", func() bool {
				return n.rooms.Get(chat.DefaultRoom).Position().Seq >= seq
			})
			for _, query := range []string{"history=100", fmt.Sprintf("after=%s:0", ann.welcome.Epoch)} {
				all := dial(t, n, query).until(seq)
				gone(name+" with "+query, all)
				if strings.Count(all, `"tombstone"`) != 2 || !strings.Contains(all, "why?") {
					t.Errorf("%s: %s sends %s", what, name, all)
				}
			}
		}
		gone("Redis", everythingIn(r))
		var page string
		poll.Until(t, what+": it is archived", func() bool {
			page = getText(t, one, "/api/v1/rooms/livechat/messages/?after=0")
			return strings.Contains(page, `"deleted":true`)
		})
		gone("a page", page)
		if !strings.Contains(page, fmt.Sprintf(`{"seq":%d,"id":"%s"`, m.Seq, m.ID)) {
			t.Errorf("%s: the page is %s", what, page)
		}
		found := getText(t, one, "/api/v1/search/?room=livechat&q=secret")
		gone("a search", strings.ReplaceAll(found, "q=secret", ""))
		var out bytes.Buffer
		if _, err := one.services.store.Export(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		gone("the export", out.String())
		gone("pg_dump", dumpOf(t, database))
	}
	check("deleted", d.Seq)
	r.CLI("FLUSHALL")
	ann.send("next")
	last := ann.next("message")
	check("flushed", last.Seq)
	r.Kill()
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Start()
	ann.send("and on")
	last = ann.next("message")
	check("set back", last.Seq)
}

// everythingIn returns the values of all keys of Redis.
func everythingIn(r *testredis.Server) (all string) {
	for key := range strings.FieldsSeq(r.CLI("--scan")) {
		for _, read := range []string{"GET", "HGETALL", "ZRANGE", "XRANGE"} {
			all += r.CLI(append([]string{read, key}, map[string][]string{
				"ZRANGE": {"0", "-1"}, "XRANGE": {"-", "+"}}[read]...)...)
		}
	}
	return all
}

// dumpOf returns what pg_dump writes of the database of a setting, if it is
// PostgreSQL's.
func dumpOf(t *testing.T, setting string) string {
	t.Helper()
	url, ok := strings.CutPrefix(setting, "DATABASE_URL=postgres")
	if !ok {
		return ""
	}
	dumped, err := exec.CommandContext(t.Context(), "pg_dump", "postgres"+url).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, dumped)
	}
	return string(dumped)
}

func getText(t *testing.T, n *Node, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
