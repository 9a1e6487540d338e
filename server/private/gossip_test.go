package private

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"livechat/server/chat"
	"livechat/server/limit"
)

func TestGossip(t *testing.T) {
	var did []string
	g := &Gossip{Logger: slog.New(slog.DiscardHandler), Nudged: func() { did = append(did, "nudged") }}
	g.Typing = func(user int64, chatID, name string) {
		did = append(did, fmt.Sprintln(user, chatID, name))
	}
	g.Publish = func(_ context.Context, payload []byte) error {
		if !g.Receive(payload) {
			t.Errorf("%s is not known", payload)
		}
		return nil
	}
	g.Nudge(t.Context())
	g.TellTyping(t.Context(), 7, "a-chat", "ann")
	if want := []string{"nudged", "7 a-chat ann\n"}; !slices.Equal(did, want) {
		t.Errorf("got %q, want %q", did, want)
	}
	if !g.Receive([]byte(`{"type":"chat_typing",`)) || len(did) != 2 {
		t.Errorf("after an unreadable note: %q", did)
	}
	if g.Receive([]byte(`{"type":"presence"}`)) {
		t.Error("what is of others is taken")
	}
}

// A refused post is counted, and other accounts are not affected. A chat that
// was not made does not count.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := 0
		count := func() { refused++ }
		posts, chats := AllowPosts(limit.NewRate(0.1, 2), count), AllowChats(2, count)
		typing := AllowTyping()
		for what, allow := range map[string]func(me int64) error{
			"posts":  posts,
			"typing": typing,
			"chats": func(me int64) error {
				_, err := chats(me)
				return err
			},
		} {
			refused = 0
			burst := 2
			if what == "typing" {
				burst = TypingBurst
			}
			for i := range burst {
				if err := allow(1); err != nil {
					t.Errorf("%s: %d: %v", what, i, err)
				}
			}
			if e := chat.AsError(allow(1)); e.Code != chat.CodeRateLimited || e.RetryAfterMS == 0 {
				t.Errorf("%s: one too many: %+v", what, e)
			}
			if err := allow(2); err != nil {
				t.Errorf("%s: another account: %v", what, err)
			}
			if want := 1; what != "typing" && refused != want {
				t.Errorf("%s: %d counted", what, refused)
			}
		}
		refund, err := chats(2)
		if err != nil {
			t.Fatal(err)
		}
		refund()
		if _, err := chats(2); err != nil {
			t.Errorf("after a refund: %v", err)
		}
	})
}
