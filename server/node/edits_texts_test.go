package node

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// acked waits for an ack. While a lost log is being restored, the server says that
// a message cannot be found right now; then it is asked again.
func (p *peer) acked(again func()) {
	p.t.Helper()
	p.deadline(pollTime)
	poll.Until(p.t, "an ack", func() bool {
		var e event
		if err := p.ReadJSON(&e); err != nil {
			p.t.Fatalf("waiting for an ack: %v", err)
		}
		if e.Type == "error" && !e.Retryable {
			p.t.Fatalf("waiting for an ack: %+v", e)
		}
		if e.Type == "error" {
			again()
		}
		return e.Type == "ack"
	})
}

// texts follows a room as a client does, and has the texts that it shows.
type texts struct {
	at    map[string]string // by author and id
	order []string
}

func (v *texts) take(e event) {
	switch e.Type {
	case "message":
		key := e.Author + e.ID
		if _, known := v.at[key]; !known {
			v.order = append(v.order, key)
		}
		v.at[key] = e.Text
	case "edit":
		if _, known := v.at[e.Author+e.Target.ID]; known {
			v.at[e.Author+e.Target.ID] = e.Text
		}
	}
}

// follow reads the entries up to seq.
func (p *peer) follow(seq uint64) *texts {
	p.t.Helper()
	p.deadline(pollTime)
	v := &texts{at: map[string]string{}}
	for {
		var e event
		if err := p.ReadJSON(&e); err != nil {
			p.t.Fatal(err)
		}
		v.take(e)
		if (e.Type == "message" || e.Type == "edit") && e.Seq == seq {
			return v
		}
	}
}

// Two servers take messages and edits at the same time; Redis loses all of it
// in between. Whoever was there, joins late or resumes ends with the same
// texts, and so does the archive.
func TestAllEndWithTheSameTexts(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	common := []string{"REDIS_URL=" + r.URL, "DATABASE_URL=" + postgres.Database(t), "MESSAGE_RATE=0"}
	one, two := start(t, common...), start(t, append(common, "APPID=2000")...)
	watch := dial(t, one, "history=0")
	began := chat.Position{Epoch: watch.welcome.Epoch}
	ann, too := dialAs(t, one, annKey, "name=ann", "history=0"), dialAs(t, two, annKey, "name=ann", "history=0")
	const each = 40
	for round := range 2 {
		var said []event
		for i := range each {
			p := []*peer{ann, too}[i%2]
			id := uuid.NewString()
			seq, _ := p.sendAs(id, fmt.Sprint("text ", i))
			said = append(said, event{Seq: seq, ID: id})
			edit := func(k int, p *peer) {
				p.edits(target(said[max(0, i-k*3)]), fmt.Sprintf("edit %d of round %d by %d", i, round, k))
			}
			for k, p := range []*peer{ann, too} { // both edit one of the last at the same time
				edit(k, p)
			}
			for k, p := range []*peer{ann, too} {
				p.acked(func() { edit(k, p) })
			}
		}
		if round == 0 {
			r.CLI("FLUSHALL")
		}
	}
	const newest = 2 * each * 3
	poll.Until(t, "both servers have all of it", func() bool {
		at := one.rooms.Get(chat.DefaultRoom).Position()
		return at.Seq == newest && two.rooms.Get(chat.DefaultRoom).Position() == at
	})
	want := watch.follow(newest)
	same := func(who string, got *texts, n int) {
		t.Helper()
		if len(got.order) < n {
			t.Errorf("%s has %d messages", who, len(got.order))
		}
		for _, key := range got.order {
			if got.at[key] != want.at[key] {
				t.Errorf("%s shows %q, who was there %q", who, got.at[key], want.at[key])
			}
		}
	}
	same("who was there", want, 2*each)
	for _, n := range []*Node{one, two} {
		same("who joins", dial(t, n, "history=50").follow(newest), 10)
		same("who resumes", dial(t, n, "after="+began.String()).follow(newest), 2*each)
	}
	poll.Until(t, "the archive has the same texts", func() bool {
		got := &texts{at: map[string]string{}}
		list, err := one.services.store.RoomMessages(t.Context(), chat.DefaultRoom, "", 0, 0, 1000)
		for _, m := range list {
			got.take(event{Type: "message", Author: m.Author, ID: m.ID, Text: m.Text})
		}
		return err == nil && maps.Equal(got.at, want.at)
	})
}
