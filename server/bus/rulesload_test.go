package bus

import (
	"fmt"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// Servers without a source of rules check what is there, and wait for nothing.
func TestRulesWithoutASource(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		plain, _ := start(t, r.url, Options{}, room)
		takes(t, plain, room, "1", annie)
		if keys := r.raw.Exists(t.Context(), plain.rulesKey(room)).Val(); keys != 0 {
			t.Error("a copy was made")
		}
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		d.decides(t, b, room, mute(annie.Person))
		refuses(t, plain, room, "2", annie, chat.CodeMuted)
		if rules, err := plain.Rules().Read(t.Context(), room); err != nil || len(rules.Muted) != 1 {
			t.Errorf("rules are %+v, %v", rules, err)
		}
	})
}

// The rules are read once for each epoch of a log, not for each message.
func TestRulesAreReadOnce(t *testing.T) {
	d := newTruth()
	r := realRedis(t)
	b := servers(t, r.url, d, 1)[0]
	for i := range 20 {
		takes(t, b, room, fmt.Sprint(i), annie)
	}
	if n := d.questions(); n != 1 {
		t.Errorf("the database was asked %d times", n)
	}
}

// While nobody knows the rules, nothing is taken. What waits goes in when they
// are known, in its order.
func TestMessagesWaitForTheRules(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b, h := start(t, r.url, d.options(), room)
		takes(t, b, room, "first", annie)
		d.setAway(true)
		asked := d.questions()
		r.raw.HDel(t.Context(), b.key(room, "head"), "rules")
		const n = 5
		answers := make(chan answer, n)
		for i := range n {
			p := publication(room, fmt.Sprint(i), "hello", answers)
			p.By = annie
			if err := b.PublishBody(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		poll.Until(t, "the database was asked again", func() bool { return d.questions() > asked+1 })
		if len(answers) > 0 || h.count("payload", room) > 1 {
			t.Fatalf("%d answers without rules: %+v", len(answers), <-answers)
		}
		d.setAway(false)
		for i := range n {
			if a := <-answers; a.err != nil || a.Position.Seq != uint64(i+2) {
				t.Errorf("message %d: %+v", i, a)
			}
		}
	})
}

// If the rules stay unknown, the senders get to know that they may try again.
func TestUnknownRulesAreUnavailable(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		d.setAway(true)
		o := d.options()
		o.PublishTimeout = 200 * time.Millisecond
		b, _ := start(t, r.url, o, room)
		poll.Until(t, "the log is open", func() bool {
			_, err := b.OpenLog(t.Context(), room, chat.Position{})
			return err == nil
		})
		_, err := sayBy(t, b, room, "", "1", annie)
		wantUnavailable(t, err)
		_, err = b.Rules().Read(t.Context(), room)
		wantUnavailable(t, err)
		d.setAway(false)
		poll.Until(t, "it is taken", func() bool {
			_, err := sayBy(t, b, room, "", "1", annie)
			return err == nil
		})
	})
}

// Of two copies the newer one stays, and one that was read for another epoch is
// refused.
func TestOldRulesDoNotReplaceNewOnes(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		epoch := takes(t, b, room, "1", annie).Position.Epoch
		set := func(epoch string, version int64) string {
			outcome, err := b.rules.set(t.Context(), room, epoch,
				chat.RoomRules{Version: version, Paused: version%2 == 1})
			if err != nil {
				t.Fatal(err)
			}
			return outcome
		}
		for _, c := range []struct {
			epoch   string
			version int64
			want    string
		}{
			{"", 11, "set"}, {"", 10, "older"}, {epoch, 10, "older"}, {epoch, 11, "set"}, {epoch, 12, "set"},
			{"", 11, "older"}, {"0123456789abcdef", 13, "closed"}, {"", 13, "set"},
		} {
			if got := set(c.epoch, c.version); got != c.want {
				t.Errorf("version %d for %q: %s, want %s", c.version, c.epoch, got, c.want)
			}
		}
		refuses(t, b, room, "2", annie, chat.CodePaused)
		r.raw.Del(t.Context(), b.rulesKey(room)) // and the database was set back to a backup
		if got := set(epoch, 2); got != "set" {
			t.Errorf("an older version in place of none: %s", got)
		}
		takes(t, b, room, "3", annie)
	})
}
