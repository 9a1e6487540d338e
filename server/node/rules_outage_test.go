package node

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/moderation"
	"livechat/server/store"
)

// Redis loses everything while the database is away. Servers that have the room
// open put back what they know, and the database is asked when it is back.
func TestRulesWithoutRedisAndDatabase(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	db := testpg.New(t)
	n := start(t, "REDIS_URL="+r.URL, "DATABASE_URL="+db.Database())
	guest, other := dialAs(t, n, guestKey), dial(t, n, "name=eve")
	if err := n.services.rules.Mute(t.Context(), orders(guestOf(t, guestKey))); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the server knows the mute", func() bool {
		n.ruled.Doubt(chat.DefaultRoom)
		rules, err := n.bus.Rules().Read(t.Context(), chat.DefaultRoom)
		remembered, ok := n.ruled.Remembered(chat.DefaultRoom)
		return err == nil && ok && remembered.Version == rules.Version && len(rules.Muted) == 1
	})
	db.Kill()
	r.CLI("FLUSHALL")
	if code := guest.settles(); code != "muted" {
		t.Errorf("muted, after the loss: %q", code)
	}
	if code := other.settles(); code != "" {
		t.Errorf("another, after the loss: %q", code)
	}
	db.Start()
	// The connections from before the kill fail once each.
	poll.Until(t, "the database takes the change", func() bool {
		err := n.services.rules.Unmute(t.Context(), chat.DefaultRoom, guestOf(t, guestKey), byAnn)
		return err == nil || errors.Is(err, moderation.ErrPending)
	})
	if code := guest.settles(); code != "" {
		t.Errorf("after the mute: %q", code)
	}
}

// A server without a database asks those with the API: what Redis has lost
// holds from the first message on.
func TestRulesWithoutADatabase(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	api := start(t, "REDIS_URL="+r.URL, "ROLE=api", "APPID=api", "DATABASE_URL="+postgres.Database(t))
	ws := start(t, "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
	poll.Until(t, "it knows the API server", ws.rulesNeeded)
	guest, other := dialAs(t, ws, guestKey), dial(t, ws, "name=eve")
	if code := guest.settles(); code != "" {
		t.Fatalf("before: %s", code)
	}
	if err := api.services.rules.Mute(t.Context(), orders(guestOf(t, guestKey))); err != nil {
		t.Fatal(err)
	}
	r.CLI("FLUSHALL")
	if code := guest.settles(); code != "muted" {
		t.Errorf("muted, after the loss: %q", code)
	}
	if code := other.settles(); code != "" {
		t.Errorf("another: %q", code)
	}
}

// Where there is no database anywhere, there is no moderation, and no trace of
// it.
func TestNoRulesWithoutAnyDatabase(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
	if code := dial(t, n).codeOf(uuid.NewString()); code != "" {
		t.Errorf("a message: %s", code)
	}
	if has := strings.TrimSpace(r.CLI("HEXISTS", "{livechat}:head", "rules")); has != "0" || n.rulesNeeded() {
		t.Error("rules were looked for")
	}
}

// A change that another process has written, without Redis, is applied.
func TestPendingRulesAreApplied(t *testing.T) {
	n := start(t, "MESSAGE_RATE=0")
	guest := dialAs(t, n, guestKey)
	if _, err := n.database.SetRoomSettings(t.Context(), chat.DefaultRoom, func(r *store.RoomSettings) error {
		r.Paused = true
		return nil
	}, time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the room is paused", func() bool { return guest.codeOf(uuid.NewString()) == "paused" })
}
