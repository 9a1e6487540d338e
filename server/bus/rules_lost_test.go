package bus

import (
	"fmt"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// lost are ways in which Redis loses the rules of a room, or sets them back.
// Each happens after a ban, which must hold from the first message on.
var lost = map[string]func(t *testing.T, r *backend, b *Bus){
	"FLUSHALL": func(t *testing.T, r *backend, _ *Bus) { r.raw.FlushAll(t.Context()) },
	"the copy is deleted": func(t *testing.T, r *backend, b *Bus) {
		r.raw.Del(t.Context(), b.rulesKey(room))
	},
	"the copy is of another type": func(t *testing.T, r *backend, b *Bus) {
		r.raw.Del(t.Context(), b.rulesKey(room))
		r.raw.Set(t.Context(), b.rulesKey(room), "x", 0)
	},
	"the copy is an older one": func(t *testing.T, r *backend, b *Bus) {
		r.raw.HSet(t.Context(), b.rulesKey(room), "version", "1")
	},
	"the head is deleted": func(t *testing.T, r *backend, b *Bus) {
		r.raw.Del(t.Context(), b.key(room, "head"))
	},
	"the log is deleted": func(t *testing.T, r *backend, b *Bus) {
		r.raw.Del(t.Context(), b.key(room, "head"), b.key(room, "log"), b.rulesKey(room))
	},
	"a restart": func(t *testing.T, r *backend, _ *Bus) {
		r.stop(t)
		r.start(t)
	},
}

func TestBansHoldWhateverRedisLoses(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := servers(t, r.url, d, 2)
		n := 0
		for what, lose := range lost {
			t.Log(what)
			n++
			who := chat.Writer{Person: chat.GuestSubject(fmt.Sprint("guest", n))}
			takes(t, all[0], room, fmt.Sprint("before-", n), who)
			d.decides(t, all[0], room, ban(who.Person))
			lose(t, r, all[0])
			// Whatever is answered before that, it is not taken.
			var e *chat.Error
			poll.Until(t, "the rules are there again", func() bool {
				got, err := sayBy(t, all[n%2], room, "", fmt.Sprint("after-", n), who)
				if e = chat.AsError(err); err == nil {
					t.Fatalf("%s: taken: %+v", what, got)
				}
				return e.Code != chat.CodeUnavailable
			})
			if e.Code != chat.CodeBanned {
				t.Errorf("%s: %v", what, e)
			}
			takes(t, all[1], room, fmt.Sprint("others-", n), annie)
		}
	})
}

// The same for a room that is closed: Rules is what the handshake asks.
func TestClosedRoomsStayClosedWhateverRedisLoses(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := servers(t, r.url, d, 2)
		n := 0
		for what, lose := range lost {
			t.Log(what)
			n++
			takes(t, all[0], room, fmt.Sprint("before-", n), benny)
			d.decides(t, all[0], room, access(chat.AccessInvite, annie))
			lose(t, r, all[0])
			poll.Until(t, "the rules are there again", func() bool {
				rules, err := all[n%2].Rules().Read(t.Context(), room)
				if err == nil && (rules.Access != chat.AccessInvite || len(rules.Roles) != 1) {
					t.Fatalf("%s: the room is open: %+v", what, rules)
				}
				return err == nil
			})
			refuses(t, all[n%2], room, fmt.Sprint("after-", n), benny, chat.CodeMembersOnly)
			takes(t, all[1], room, fmt.Sprint("others-", n), annie)
			d.decides(t, all[0], room, access(""))
		}
	})
}

// Redis comes back with an older snapshot, in which the ban is missing and the
// rules are said to be known: there were none, or others.
func TestBansHoldAfterAnOldSnapshot(t *testing.T) {
	t.Parallel()
	t.Run("without rules", func(t *testing.T) { oldSnapshot(t, func(*truth, *Bus) {}) })
	t.Run("with rules", func(t *testing.T) {
		oldSnapshot(t, func(d *truth, b *Bus) { d.decides(t, b, room, ban(benny.Person)) })
	})
}

func oldSnapshot(t *testing.T, first func(*truth, *Bus)) {
	t.Parallel()
	r := realRedis(t, "--appendonly", "no")
	d := newTruth()
	all := servers(t, r.url, d, 2)
	takes(t, all[0], room, "1", gus)
	first(d, all[0])
	if err := r.raw.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	d.decides(t, all[0], room, ban(gus.Person))
	refuses(t, all[1], room, "2", gus, chat.CodeBanned)
	for range 3 {
		r.stop(t)
		r.start(t)
		if rules := r.raw.HGet(t.Context(), all[0].key(room, "head"), "rules").Val(); rules == "" {
			t.Fatal("the snapshot does not say that the rules are known")
		}
		poll.Until(t, "the ban holds", func() bool {
			got, err := sayBy(t, all[1], room, "", "3", gus)
			if err == nil {
				t.Fatalf("taken: %+v", got)
			}
			return chat.AsError(err).Code == chat.CodeBanned
		})
		m := chat.Message{ID: "m", Author: "@ann"}
		reaction := by("gus", thumb, true)
		reaction.By = gus
		_, err := all[0].Reactions().React(t.Context(), room, &m, reaction, chat.EarlierUnknown)
		wantRefusal(t, "a reaction", err, chat.CodeBanned)
	}
}

// The first thing after Redis was set back is a reaction: nothing else has
// noticed it by then.
func TestBansHoldForReactionsAfterAnOldSnapshot(t *testing.T) {
	t.Parallel()
	r := realRedis(t, "--appendonly", "no")
	d := newTruth()
	b, h := open(t, r.url, d.options()), &recorder{}
	h.meet(b.name)
	h.onSubscribed = func(room string) { openAsARoomDoes(t, b, h, room) }
	subscribe(t, b, h, room)
	takes(t, b, room, "1", gus)
	if err := r.raw.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	d.decides(t, b, room, ban(gus.Person))
	r.stop(t)
	r.start(t)
	m := chat.Message{ID: "m", Author: "@ann"}
	reaction := by("gus", thumb, true)
	reaction.By = gus
	poll.Until(t, "the ban holds", func() bool {
		_, err := b.Reactions().React(t.Context(), room, &m, reaction, chat.EarlierUnknown)
		if err == nil {
			t.Fatal("the reaction was taken")
		}
		return chat.AsError(err).Code == chat.CodeBanned
	})
}

// A master of a cluster is killed, and its replica takes over.
func TestBansHoldAfterAFailover(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a failover")
	}
	c := testredis.NewCluster(t)
	rooms, _ := shardRooms(c)
	d := newTruth()
	o := d.options()
	o.PublishTimeout = patient
	b, _ := start(t, c.URL(), o, rooms[1])
	takes(t, b, rooms[1], "1", gus)
	d.decides(t, b, rooms[1], ban(gus.Person))
	c.Masters[1].Kill()
	c.Promoted(c.Replicas[1])
	poll.Until(t, "the ban holds", func() bool {
		got, err := sayBy(t, b, rooms[1], "", "2", gus)
		if err == nil {
			t.Fatalf("taken: %+v", got)
		}
		return chat.AsError(err).Code == chat.CodeBanned
	})
	takes(t, b, rooms[1], "3", annie)
}

// Every key that has to do with rules ends.
func TestRulesExpire(t *testing.T) {
	d := newTruth()
	r := realRedis(t)
	b := servers(t, r.url, d, 1)[0]
	takes(t, b, room, "1", annie)
	d.decides(t, b, room, func(r *chat.RoomRules) { r.Slow = time.Minute })
	takes(t, b, room, "2", annie)
	for _, key := range r.raw.Keys(t.Context(), "*").Val() {
		if r.raw.PTTL(t.Context(), key).Val() <= 0 {
			t.Errorf("%s has no end", key)
		}
	}
	// They stay as long as the log.
	r.raw.PExpire(t.Context(), b.rulesKey(room), time.Hour)
	r.raw.PExpire(t.Context(), b.key(room, "log"), time.Hour)
	takes(t, b, room, "3", benny)
	if left := r.raw.PTTL(t.Context(), b.rulesKey(room)).Val(); left <= time.Hour {
		t.Errorf("the rules end in %v", left)
	}
}
