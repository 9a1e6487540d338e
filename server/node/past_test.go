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

// short makes rooms whose logs are soon too long for ring and stream.
var short = []string{"RING_SIZE=256", "HISTORY_LENGTH=500", "MESSAGE_RATE=0", "PUBLISH_TIMEOUT=1m", "PRESENCE_INTERVAL=60s", "PRESENCE_EXPIRY=120s"}

const (
	pastBatch = 250 // messages said before the archive has to have them, so that the stream does not overtake it
	pastAll   = 3000
)

// past is a room with a long past, as one client has heard it live.
type past struct {
	t     testing.TB
	keeps *Node // the server that archives
	live  *peer
	start chat.Position
	heard [][]byte // from message 1 on
}

// say has n messages said, heard and archived.
func (p *past) say(n int) {
	p.t.Helper()
	for ; n > 0; n -= pastBatch {
		for range min(n, pastBatch) {
			p.live.send(fmt.Sprintf("text %d: ä <b>\"\\ \u2028 👩‍👩‍👧", len(p.heard)))
		}
		p.live.deadline(pollTime)
		p.heard = append(p.heard, p.live.messages(uint64(len(p.heard)+1), uint64(len(p.heard)+min(n, pastBatch)))...)
		p.kept()
	}
}

// kept waits until all is archived.
func (p *past) kept() {
	p.t.Helper()
	poll.Until(p.t, "the room is archived", func() bool {
		list, err := p.keeps.services.store.RoomMessages(p.t.Context(), chat.DefaultRoom, "", 0, 0, 1)
		return err == nil && len(list) == 1 && list[0].Seq == int64(len(p.heard))
	})
}

// comesBack lets a client resume behind the first message, on a server, and expects everything, then what is said from now on.
func (p *past) comesBack(n *Node) {
	p.t.Helper()
	client := dial(p.t, n, "name=late", "after="+p.start.String())
	if w := client.welcome; w.Recovered == nil || !*w.Recovered || w.Seq != uint64(len(p.heard)) {
		p.t.Fatalf("welcome: %+v, want all of %d", w, len(p.heard))
	}
	client.deadline(pollTime)
	p.same(client.messages(2, uint64(len(p.heard))), p.heard[1:])
	p.say(3)
	p.same(client.messages(uint64(len(p.heard)-2), uint64(len(p.heard))), p.heard[len(p.heard)-3:])
	_ = client.Close()
}

func (p *past) same(got, want [][]byte) {
	p.t.Helper()
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			p.t.Fatalf("came again as %s\nwas said as    %s", got[i], want[i])
		}
	}
}

// messages returns the frames of messages from to to, which must come in order and without anything said to be missing.
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
		case e.Type != "message" || e.Seq != next:
			p.t.Fatalf("waiting for message %d: %s", next, b)
		default:
			list, next = append(list, b), next+1
		}
	}
	return list
}

func newPast(t testing.TB, keeps, live *Node) *past {
	p := &past{t: t, keeps: keeps, live: dial(t, live, "name=ann", "history=0")}
	p.start = chat.Position{Epoch: p.live.welcome.Epoch, Seq: 1}
	return p
}

// TestResumeHasNoWindow: a client that comes back from long before what Redis has gets everything, once and as it was said, on a server that
// archives, on one that only reads the archive and on one that had not opened the room; through other epochs of the log; and then it is live.
func TestResumeHasNoWindow(t *testing.T) {
	t.Parallel()
	pg, r := testpg.New(t), testredis.New(t)
	r.Start()
	common := append([]string{"REDIS_URL=" + r.URL, "DATABASE_URL=" + pg.Database()}, short...)
	keeps := start(t, append(common, "APPID=1000")...)
	reads := start(t, append(common, "APPID=2000", "ROLE=ws")...)
	p := newPast(t, keeps, reads)
	for range 2 {
		p.say(pastAll / 3)
		r.Kill()
		r.Start()
		if e := p.live.next("reset"); e.Epoch == p.start.Epoch || e.Seq != uint64(len(p.heard)) {
			t.Fatalf("told of %+v after %d messages", e, len(p.heard))
		}
	}
	p.say(pastAll / 3)
	for _, n := range []*Node{keeps, reads, start(t, append(common, "APPID=3000", "ROLE=ws")...)} {
		p.comesBack(n)
	}
	if got := scrape(t, reads)[`livechat_joins_total{how="archive"}`]; got != 1 {
		t.Errorf("%v resumed from the archive, want 1", got)
	}
	p.withoutDatabase(pg, reads, common)
	p.expired(reads)
}

// withoutDatabase: while it is away, what only it has is a gap, exactly, and servers that do not need it start.
func (p *past) withoutDatabase(pg *testpg.Server, reads *Node, common []string) {
	p.t.Helper()
	pg.Kill()
	for _, n := range []*Node{reads, start(p.t, append(common, "APPID=4000", "ROLE=ws")...)} {
		client := dial(p.t, n, "after="+p.start.String())
		if to := p.gap(client); to < uint64(len(p.heard))-2000 {
			p.t.Errorf("gap to %d of %d", to, len(p.heard))
		}
	}
	pg.Start()
	p.comesBack(reads)
}

// gap expects to be told that what follows the first message is missing, and to get the rest. It returns the last that is missing.
func (p *past) gap(client *peer) (to uint64) {
	p.t.Helper()
	if w := client.welcome; w.Recovered == nil || *w.Recovered {
		p.t.Fatalf("welcome: %+v, want not recovered", w)
	}
	gap := client.next("gap")
	if gap.From != 2 || gap.To >= uint64(len(p.heard)) {
		p.t.Fatalf("told of %+v", gap)
	}
	p.same(client.messages(gap.To+1, uint64(len(p.heard))), p.heard[gap.To:])
	return gap.To
}

// expired: what is deleted in the archive is a gap, exactly.
func (p *past) expired(reads *Node) {
	p.t.Helper()
	const keep = 1600 // more than the log has
	deleted, err := p.keeps.services.store.ExpireRooms(context.Background(), time.Now(), 0, keep)
	if err != nil || deleted != int64(len(p.heard)-keep) {
		p.t.Fatalf("%d messages expired, %v; want all but %d of %d", deleted, err, keep, len(p.heard))
	}
	client := dial(p.t, reads, "after="+p.start.String())
	if to := p.gap(client); to != uint64(deleted) {
		p.t.Errorf("gap to %d, want %d", to, deleted)
	}
}

// TestResumeHasNoWindowAlone: the same in a server that stands alone.
func TestResumeHasNoWindowAlone(t *testing.T) {
	t.Parallel()
	n := start(t, append(short, "DATABASE_URL=sqlite:"+t.TempDir()+"/livechat.db")...)
	p := newPast(t, n, n)
	p.say(pastAll / 2)
	p.comesBack(n)
	none, err := n.services.store.LogPage(t.Context(), chat.DefaultRoom, "0123456789abcdef", 0, math.MaxInt64, 1)
	if len(none) > 0 || err != nil {
		t.Errorf("a page of an epoch that never was: %v, %v", none, err)
	}
}
