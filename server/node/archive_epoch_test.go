package node

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// TestLogContinuesAfterTheArchive: Redis lost everything while no server
// remembered it, or was embedded in the only server. The room's log continues
// after what is archived, so that the newest messages have the highest numbers,
// and a client that resumes gets the rest of what it missed.
func TestLogContinuesAfterTheArchive(t *testing.T) {
	t.Parallel()
	db := func(t *testing.T) string { return "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db") }
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		r := testredis.New(t)
		r.Start()
		settings := []string{"REDIS_URL=" + r.URL, db(t)}
		continuesAfterArchive(t, settings, func() { r.CLI("FLUSHALL") })
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		continuesAfterArchive(t, []string{db(t)}, func() {})
	})
}

func continuesAfterArchive(t *testing.T, settings []string, lose func()) {
	n := start(t, settings...)
	p := dial(t, n)
	for i := range 5 {
		p.send(fmt.Sprint("before ", i))
		p.next("message")
	}
	old := chat.Position{Epoch: p.welcome.Epoch, Seq: 2}
	poll.Until(t, "all is archived", func() bool {
		list, err := n.services.store.RoomMessages(t.Context(), chat.DefaultRoom, "", 0, 0, 10)
		return err == nil && len(list) == 5
	})
	if err := n.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	lose()

	n = start(t, settings...)
	p = dial(t, n)
	if p.welcome.Seq != 5 || p.welcome.Epoch == old.Epoch {
		t.Fatalf("welcome: %+v", p.welcome)
	}
	// the history of a new client
	wantMessages(t, p, 1, "before 0", "before 1", "before 2", "before 3", "before 4")
	p.send("after")
	if m := p.next("message"); m.Seq != 6 {
		t.Errorf("the next message is %d", m.Seq)
	}
	poll.Until(t, "the newest is archived last", func() bool {
		list, err := n.services.store.RoomMessages(t.Context(), chat.DefaultRoom, "", 0, 0, 1)
		return err == nil && len(list) == 1 && list[0].Text == "after"
	})
	back := dial(t, n, "after="+old.String())
	if w := back.welcome; w.Recovered == nil || !*w.Recovered {
		t.Errorf("welcome: %+v", w)
	}
	wantMessages(t, back, 3, "before 2", "before 3", "before 4", "after")
	if err := n.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	lose()

	n = start(t, settings...) // the log now has epochs that only the archive knows
	wantMessages(t, dial(t, n, "history=3"), 4, "before 3", "before 4", "after")
	oldest := dial(t, n, "after="+chat.Position{Epoch: old.Epoch, Seq: 4}.String())
	if w := oldest.welcome; w.Recovered == nil || !*w.Recovered {
		t.Errorf("welcome: %+v", w)
	}
	wantMessages(t, oldest, 5, "before 4", "after")
}

// wantMessages fails unless the next messages have these texts, with numbers
// from seq on.
func wantMessages(t *testing.T, p *peer, seq uint64, texts ...string) {
	t.Helper()
	p.deadline(time.Minute)
	for i, want := range texts {
		if m := p.next("message"); m.Text != want || m.Seq != seq+uint64(i) {
			t.Errorf("message %d is %q, want %d: %q", m.Seq, m.Text, seq+uint64(i), want)
		}
	}
}
