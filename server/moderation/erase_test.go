package moderation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/store"
)

// A moderator's delete has the author of the message, and the moderator's name.
func TestDeleteOfAModerator(t *testing.T) {
	o := open(t)
	target := o.says("k3y", "s1", "buy")
	mod := o.actor("mod1")
	if err := o.Delete(t.Context(), mod, "hall", target, "spam"); err != nil {
		t.Fatal(err)
	}
	if len(o.published) != 1 {
		t.Fatalf("published %+v", o.published)
	}
	d := o.published[0]
	if d.Type != chat.TypeDelete || d.Author != "k3y" || d.Session != "s1" || d.Name != "mod1" ||
		d.Deletes() != target.ID || !strings.HasSuffix(d.Extra, `,"by":"moderator"`) {
		t.Errorf("published %+v", d)
	}
	if gone, ok := o.messages[0].After(&d); !ok || gone.Text != "" {
		t.Errorf("it leaves %+v", gone)
	}
	o.messages[0].Type, o.messages[0].Text = chat.TypeTombstone, ""
	if err := o.Delete(t.Context(), mod, "hall", target, ""); err != nil || len(o.published) != 1 {
		t.Errorf("again: %v, published %d", err, len(o.published))
	}
	if got := strings.Join(o.audit(), "; "); got != "mod1 message.delete guest gus spam" {
		t.Errorf("audit log: %s", got)
	}
	wantCode(t, "a long reason", o.Delete(t.Context(), mod, "hall", target, strings.Repeat("x", 501)),
		chat.CodeTooLong)
}

// All messages of somebody are deleted, whether they are archived or only in
// the log, and those of nobody else.
func TestDeleteAll(t *testing.T) {
	o := open(t)
	old := store.RoomMessage{Room: "hall", Epoch: "0123456789abcdef", Seq: 1, ID: uuid.NewString(), App: "1",
		Session: "s", Author: "k3y", Name: "gus", Text: "old", At: time.Now().Add(-2 * time.Hour)}
	recent, other := old, old
	recent.Seq, recent.ID, recent.At = 2, uuid.NewString(), time.Now().Add(-time.Minute)
	other.Seq, other.ID, other.Author, other.At = 3, uuid.NewString(), "other", recent.At
	if _, err := o.store.AddRoomMessages(t.Context(), []store.RoomMessage{old, recent, other}); err != nil {
		t.Fatal(err)
	}
	o.says("other", "s", "mine")
	inLog := o.says("k3y", "s2", "new")
	n, more, err := o.DeleteAll(t.Context(), o.actor("mod1"), "hall", Who{Author: "k3y"},
		time.Now().Add(-time.Hour), "spam")
	if err != nil || n != 2 || more || len(o.published) != 2 || o.published[0].Deletes() != inLog.ID ||
		o.published[1].Deletes() != recent.ID {
		t.Errorf("%d deleted, %v, %v: %+v", n, more, err, o.published)
	}
	if got := strings.Join(o.audit(), "; "); got != "mod1 messages.delete guest  spam" {
		t.Errorf("audit log: %s", got)
	}
	for _, since := range []time.Time{time.Now().Add(-48 * time.Hour), time.Now().Add(time.Hour)} {
		_, _, err := o.DeleteAll(t.Context(), o.actor("mod1"), "hall", Who{Author: "k3y"}, since, "")
		wantCode(t, "since "+since.String(), err, chat.CodeBadRequest)
	}
}

func TestKick(t *testing.T) {
	o := open(t)
	mod := o.actor("mod1")
	for _, err := range []error{
		o.Kick(t.Context(), mod, "hall", Who{Account: "member"}, "", ""),
		o.Kick(t.Context(), mod, "hall", Who{}, "Member", ""),
		o.Kick(t.Context(), mod, "hall", Who{}, " gus", "noise"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	member := chat.AccountSubject(o.users["member"].ID)
	if want := []Kick{{Person: member}, {Person: member}, {Name: "gus"}}; !slices.Equal(o.kicks, want) {
		t.Errorf("kicks %+v, want %+v", o.kicks, want)
	}
	wantCode(t, "an owner by name", o.Kick(t.Context(), mod, "hall", Who{}, "owner1", ""),
		chat.CodeForbidden)
	wantCode(t, "an address", o.Kick(t.Context(), mod, "hall", Who{Subject: "address:x"}, "", ""),
		chat.CodeBadRequest)
	wantCode(t, "nobody", o.Kick(t.Context(), mod, "hall", Who{}, "", ""), chat.CodeBadRequest)
	if got := o.audit(); got[2] != "mod1 room.kick  gus noise" {
		t.Errorf("audit log: %q", got)
	}
}

// A delete without Redis is kept, told as pending, and published later, once.
func TestDeleteWithoutRedis(t *testing.T) {
	o := open(t)
	target := chat.Target{Seq: 1, ID: uuid.NewString()}
	o.down = true
	err := o.Delete(t.Context(), o.actor("mod1"), "hall", target, "")
	if !errors.Is(err, errDown) || errors.Is(err, ErrPending) {
		t.Errorf("not archived: %v", err)
	}
	if _, err := o.store.AddRoomMessages(t.Context(), []store.RoomMessage{{
		Room: "hall", Epoch: "0123456789abcdef", Seq: 1, ID: target.ID, App: "1", Session: "s1",
		Author: "k3y", Name: "gus", Text: "buy", At: time.Now(),
	}}); err != nil {
		t.Fatal(err)
	}
	err = o.Delete(t.Context(), o.actor("mod1"), "hall", target, "")
	if !errors.Is(err, ErrPending) || !errors.Is(err, errDown) {
		t.Errorf("without Redis: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { o.Run(ctx) })
	defer run.Wait()
	defer cancel()
	o.mu.Lock()
	o.down = false
	o.mu.Unlock()
	poll.Until(t, "it is published", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.published) == 1 && o.published[0].Deletes() == target.ID
	})
	poll.Until(t, "it is forgotten", func() bool {
		left, err := o.store.RoomDeletes(t.Context(), time.Now().Add(time.Hour), 10)
		return err == nil && len(left) == 0
	})
}

// The messages of an account that is deleted can be deleted, all or one.
func TestDeleteOfADeletedAccount(t *testing.T) {
	o := open(t)
	gone := o.says("@zoe", "s", "buy")
	mod := o.actor("mod1")
	if err := o.Delete(t.Context(), mod, "hall", gone, ""); err != nil {
		t.Error(err)
	}
	n, _, err := o.DeleteAll(t.Context(), mod, "hall", Who{Author: "@zoe"}, time.Now().Add(-time.Hour), "")
	if err != nil || n != 1 {
		t.Errorf("%d deleted, %v", n, err)
	}
	_, _, err = o.DeleteAll(t.Context(), mod, "hall", Who{Account: "zoe"}, time.Now().Add(-time.Hour), "")
	wantCode(t, "by account", err, chat.CodeUnknownUser)
}
