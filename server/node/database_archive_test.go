package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// shortLogs makes logs that soon outgrow ring and stream. A test that waits for
// the archive answers no pings meanwhile.
var shortLogs = []string{
	"RING_SIZE=256",
	"HISTORY_LENGTH=500",
	"MESSAGE_RATE=0",
	"PUBLISH_TIMEOUT=1m",
	"PRESENCE_INTERVAL=60s",
	"PRESENCE_EXPIRY=120s",
	"PING_INTERVAL=60s",
	"PONG_TIMEOUT=60s",
}

const (
	archiveBatch = 250 // published before the archive must catch up, so that none is trimmed
	archiveTotal = 3000
)

// archivedRoom is a room with a long history, as one client received it live.
// Every tenth entry is of a type that this version does not know.
type archivedRoom struct {
	t        testing.TB
	archiver *Node // the server with the archiver
	live     *peer
	start    chat.Position
	received [][]byte // from message 1 on
}

// publish has n entries published, received and archived.
func (p *archivedRoom) publish(n int) {
	p.t.Helper()
	for ; n > 0; n -= archiveBatch {
		for i := range min(n, archiveBatch) {
			if i%10 == 3 {
				publishLater(p.t, p.archiver, chat.DefaultRoom)
				continue
			}
			p.live.send(fmt.Sprintf("text %d: ä <b>\"\\ \u2028 👩‍👩‍👧", len(p.received)))
		}
		p.live.deadline(pollTime)
		p.received = append(
			p.received,
			p.live.messages(uint64(len(p.received)+1), uint64(len(p.received)+min(n, archiveBatch)))...)
		p.awaitArchived()
	}
}

// awaitArchived waits until all messages are archived.
func (p *archivedRoom) awaitArchived() {
	p.t.Helper()
	poll.Until(p.t, "the room is archived", func() bool {
		_, seq, err := p.archiver.services.store.LastEntry(p.t.Context(), chat.DefaultRoom)
		return err == nil && seq == int64(len(p.received))
	})
}

// resumes lets a client on n resume after the first message, and expects all
// that follow, and then the next ones live.
func (p *archivedRoom) resumes(n *Node) {
	p.t.Helper()
	client := dial(p.t, n, "name=late", "after="+p.start.String())
	if w := client.welcome; w.Recovered == nil || !*w.Recovered || w.Seq != uint64(len(p.received)) {
		p.t.Fatalf("welcome: %+v, want all of %d", w, len(p.received))
	}
	client.deadline(pollTime)
	p.wantFrames(client.messages(2, uint64(len(p.received))), p.received[1:])
	p.publish(3)
	p.wantFrames(client.messages(uint64(len(p.received)-2), uint64(len(p.received))),
		p.received[len(p.received)-3:])
	_ = client.Close()
}

func (p *archivedRoom) wantFrames(got, want [][]byte) {
	p.t.Helper()
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			p.t.Fatalf("replayed as  %s\npublished as %s", got[i], want[i])
		}
	}
}

// messages returns the frames of entries from to to, which must come in order
// and without a gap.
func (p *peer) messages(from, to uint64) (list [][]byte) {
	p.t.Helper()
	for next := from; next <= to; {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for message %d: %v", next, err)
		}
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			p.t.Fatal(err)
		}
		switch {
		case e.Type == "presence":
		case e.Type != "message" && e.Type != "later" || e.Seq != next:
			p.t.Fatalf("waiting for message %d: %s", next, b)
		default:
			list, next = append(list, b), next+1
		}
	}
	return list
}

func newArchivedRoom(t testing.TB, keeps, live *Node) *archivedRoom {
	p := &archivedRoom{t: t, archiver: keeps, live: dial(t, live, "name=ann", "history=0")}
	p.start = chat.Position{Epoch: p.live.welcome.Epoch, Seq: 1}
	return p
}

// TestResumeFromTheArchive: a client that missed far more than Redis holds gets
// everything, once and unchanged, on a server that archives, on one that only
// reads the archive, and on one that had not opened the room, across epochs of
// the log. Then it receives live messages.
func TestResumeFromTheArchive(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills an archive")
	}
	pg, r := testpg.New(t), testredis.New(t)
	r.Start()
	common := append([]string{"REDIS_URL=" + r.URL, "DATABASE_URL=" + pg.Database()}, shortLogs...)
	keeps := start(t, append(common, "APPID=1000")...)
	reads := start(t, append(common, "APPID=2000", "ROLE=ws")...)
	p := newArchivedRoom(t, keeps, reads)
	for range 2 {
		p.publish(archiveTotal / 3)
		r.Kill()
		r.Start()
		if e := p.live.next("reset"); e.Epoch == p.start.Epoch || e.Seq != uint64(len(p.received)) {
			t.Fatalf("told of %+v after %d messages", e, len(p.received))
		}
	}
	p.publish(archiveTotal / 3)
	for _, n := range []*Node{keeps, reads, start(t, append(common, "APPID=3000", "ROLE=ws")...)} {
		p.resumes(n)
	}
	if got := scrape(t, reads)[`livechat_joins_total{how="archive"}`]; got != 1 {
		t.Errorf("%v clients resumed from the archive, want 1", got)
	}
	p.withoutDatabase(pg, reads, common)
	p.expired(reads)
}

// withoutDatabase: while the database is down, the client is told of exactly
// the gap that only the archive could fill, and servers that do not need the
// database start.
func (p *archivedRoom) withoutDatabase(pg *testpg.Server, reads *Node, common []string) {
	p.t.Helper()
	pg.Kill()
	for _, n := range []*Node{reads, start(p.t, append(common, "APPID=4000", "ROLE=ws")...)} {
		client := dial(p.t, n, "after="+p.start.String())
		if to := p.gap(client); to < uint64(len(p.received))-2000 {
			p.t.Errorf("gap to %d of %d", to, len(p.received))
		}
	}
	pg.Start()
	p.resumes(reads)
}

// gap expects a gap after the first message, and then the rest. It returns the
// last missing number.
func (p *archivedRoom) gap(client *peer) (to uint64) {
	p.t.Helper()
	if w := client.welcome; w.Recovered == nil || *w.Recovered {
		p.t.Fatalf("welcome: %+v, want not recovered", w)
	}
	gap := client.next("gap")
	if gap.From != 2 || gap.To >= uint64(len(p.received)) {
		p.t.Fatalf("told of %+v", gap)
	}
	p.wantFrames(client.messages(gap.To+1, uint64(len(p.received))), p.received[gap.To:])
	return gap.To
}

// expired: what was deleted from the archive is a gap, exactly.
func (p *archivedRoom) expired(reads *Node) {
	p.t.Helper()
	const keep = 1600 // more than the log has
	deleted, err := p.archiver.services.store.ExpireRooms(context.Background(), time.Now(), 0, keep)
	if err != nil || deleted != int64(len(p.received)-keep) {
		p.t.Fatalf("%d messages expired, %v; want all but %d of %d", deleted, err, keep, len(p.received))
	}
	client := dial(p.t, reads, "after="+p.start.String())
	if to := p.gap(client); to != uint64(deleted) {
		p.t.Errorf("gap to %d, want %d", to, deleted)
	}
}

// TestResumeFromTheArchiveStandalone: the same in a standalone server.
func TestResumeFromTheArchiveStandalone(t *testing.T) {
	t.Parallel()
	n := start(t, append(shortLogs, "DATABASE_URL=sqlite:"+t.TempDir()+"/livechat.db")...)
	p := newArchivedRoom(t, n, n)
	p.publish(archiveTotal / 2)
	p.resumes(n)
	none, err := n.services.store.LogPage(t.Context(), chat.DefaultRoom, "0123456789abcdef", 0,
		math.MaxInt64, 1)
	if len(none) > 0 || err != nil {
		t.Errorf("a page of an epoch that never was: %v, %v", none, err)
	}
}
