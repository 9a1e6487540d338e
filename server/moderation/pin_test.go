package moderation

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
)

func TestPin(t *testing.T) {
	o := open(t)
	ctx, mod := t.Context(), o.actor("mod1")
	first, second := o.says("k3y", "s", "one"), o.says("@owner1", "s", "two")
	pinned := func() *chat.Pin {
		t.Helper()
		r, err := o.store.RoomRules(ctx, "hall", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return r.Pinned
	}
	wantCode(t, "a member pins", o.Pin(ctx, o.actor("member"), "hall", first, ""), chat.CodeForbidden)
	wantCode(t, "nothing to unpin", o.Unpin(ctx, mod, "hall", ""), chat.CodeNotFound)
	wantCode(t, "unknown", o.Pin(ctx, mod, "hall", chat.Target{Seq: 9, ID: uuid.NewString()}, ""),
		chat.CodeUnknownMessage)
	wantCode(t, "pin", o.Pin(ctx, mod, "hall", first, "news"), "")
	if p := pinned(); p == nil || p.Target != first || p.Author != "k3y" || p.Name != "gus" || p.By != "mod1" {
		t.Errorf("pinned %+v", p)
	}
	wantCode(t, "another, of an owner", o.Pin(ctx, mod, "hall", second, ""), "")
	if p := pinned(); p == nil || p.Target != second {
		t.Errorf("pinned %+v", p)
	}
	wantCode(t, "unpin", o.Unpin(ctx, mod, "hall", "old"), "")
	if p := pinned(); p != nil {
		t.Errorf("pinned %+v", p)
	}
	o.messages[0].Type, o.messages[0].Text = chat.TypeTombstone, ""
	wantCode(t, "deleted", o.Pin(ctx, mod, "hall", first, ""), chat.CodeUnknownMessage)
	if got := strings.Join(o.audit(), "; "); got != "mod1 room.pin  gus news; mod1 room.pin  gus ; "+
		"mod1 room.unpin  gus old" {
		t.Errorf("audit log: %s", got)
	}
}
