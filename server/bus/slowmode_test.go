package bus

import (
	"fmt"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// In slow mode, of two messages that come at the same moment on two servers,
// one is taken.
func TestSlowModeTakesOneOfTwo(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := servers(t, r.url, d, 2)
		d.decides(t, all[0], room, func(r *chat.RoomRules) { r.Slow = chat.MaxSlow })
		for i := range 50 {
			who := chat.Writer{Person: chat.GuestSubject(fmt.Sprint("guest", i))}
			answers := make(chan answer, 2)
			for s, b := range all {
				p := publication(room, fmt.Sprint(i, "-", s), "hello", answers)
				p.By = who
				if err := b.PublishBody(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			taken := 0
			for range all {
				a := <-answers
				if a.err == nil {
					taken++
					continue
				}
				e := chat.AsError(a.err)
				if e.Code != chat.CodeSlowMode || !e.Retryable || e.RetryAfterMS <= 0 ||
					e.RetryAfterMS > chat.MaxSlow.Milliseconds() {
					t.Errorf("guest %d: %+v", i, e)
				}
			}
			if taken != 1 {
				t.Errorf("guest %d: %d of two messages were taken", i, taken)
			}
		}
	})
}

// A moderator is not slowed down, and starts with no debt when that is over.
func TestSlowModeOfModerators(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		d.decides(t, b, room, func(r *chat.RoomRules) {
			r.Slow = time.Hour
			r.Roles = roles(chat.RoleModerator, annie)
		})
		takes(t, b, room, "1", annie)
		takes(t, b, room, "2", annie)
		takes(t, b, room, "3", benny)
		refuses(t, b, room, "4", benny, chat.CodeSlowMode)
		if n := r.raw.Exists(t.Context(), b.lastKey(room, annie)).Val(); n != 0 {
			t.Error("the last message of a moderator is remembered")
		}
		d.decides(t, b, room, func(r *chat.RoomRules) { clear(r.Roles) })
		takes(t, b, room, "5", annie)
		refuses(t, b, room, "6", annie, chat.CodeSlowMode)
	})
}

// Slow mode counts from the last message that was taken, and only messages.
func TestSlowMode(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		d.decides(t, b, room, func(r *chat.RoomRules) { r.Slow = time.Hour })
		takes(t, b, room, "1", annie)
		refuses(t, b, room, "2", annie, chat.CodeSlowMode)
		takes(t, b, room, "3", benny)
		if got := takes(t, b, room, "1", annie); !got.Duplicate {
			t.Error("the message that was taken is not acked again")
		}
		if _, err := sayBy(t, b, room, chat.TypeEdit, "4", annie); err != nil {
			t.Errorf("an edit: %v", err)
		}
		left := r.raw.PTTL(t.Context(), b.lastKey(room, annie)).Val()
		if left <= 0 || left > time.Hour {
			t.Errorf("the last message is remembered for %v", left)
		}
		d.decides(t, b, room, func(r *chat.RoomRules) { r.Slow = 10 * time.Millisecond })
		poll.Until(t, "the shorter time is over", func() bool {
			_, err := sayBy(t, b, room, "", "5", annie)
			return err == nil
		})
		d.decides(t, b, room, func(r *chat.RoomRules) { r.Slow = 0 })
		takes(t, b, room, "6", annie)
		takes(t, b, room, "7", annie)
	})
}
