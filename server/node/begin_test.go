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

// TestNumbersGoOnBehindTheArchive: Redis has lost everything while no server was there that remembered, or was a part of the one server. The room goes
// on behind what is archived, so that the newest messages are the newest, and who comes back hears the rest of what he had begun to hear.
func TestNumbersGoOnBehindTheArchive(t *testing.T) {
	t.Parallel()
	db := func(t *testing.T) string { return "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db") }
	t.Run("redis", func(t *testing.T) {
		r := testredis.New(t)
		r.Start()
		settings := []string{"REDIS_URL=" + r.URL, db(t)}
		goesOn(t, settings, func() { r.CLI("FLUSHALL") })
	})
	t.Run("embedded", func(t *testing.T) { goesOn(t, []string{db(t)}, func() {}) })
}

func goesOn(t *testing.T, settings []string, lose func()) {
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
	back.deadline(20 * time.Second)
	for i, want := range []string{"before 2", "before 3", "before 4", "after"} {
		if m := back.next("message"); m.Text != want || m.Seq != uint64(i+3) {
			t.Errorf("came back to %d %q, want %d %q", m.Seq, m.Text, i+3, want)
		}
	}
}
