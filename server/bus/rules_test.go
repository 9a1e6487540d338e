package bus

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A mute set through one server holds on another before its next message.
func TestMuteHoldsBeforeTheNextMessage(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := servers(t, r.url, d, 4)
		stop := underLoad(t, all)
		defer stop()
		for i := range 200 {
			who := chat.Writer{Person: chat.AccountSubject(int64(i + 1))}
			takes(t, all[3], room, fmt.Sprint("before-", i), who)
			d.decides(t, all[0], room, mute(who.Person))
			refuses(t, all[3], room, fmt.Sprint("after-", i), who, chat.CodeMuted)
		}
		d.decides(t, all[1], room, func(r *chat.RoomRules) { clear(r.Muted) })
		takes(t, all[2], room, "free", chat.Writer{Person: chat.AccountSubject(7)})
	})
}

// Each rule refuses some messages and lets others pass.
func TestRules(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		m := entry("", "hello", chat.Target{})
		at, _, err := publishLater(t, b, m)
		if err != nil {
			t.Fatal(err)
		}
		m.Seq = at.Seq
		reacts(t, b, m, by("@zoe", thumb, true))
		soon := time.Now().Add(time.Hour).UnixMilli()
		for _, c := range []struct {
			what string
			rule func(*chat.RoomRules)
			who  chat.Writer
			code chat.Code // "": taken
			own  chat.Code // the same for what takes back: deletes, and reactions
		}{
			{"no rule", func(*chat.RoomRules) {}, annie, "", ""},
			{"muted", mute(annie.Person), annie, chat.CodeMuted, ""},
			{"another is muted", mute(annie.Person), benny, "", ""},
			{"muted for a time", func(r *chat.RoomRules) { r.Muted[annie.Person] = soon }, annie,
				chat.CodeMuted, ""},
			{"was muted", func(r *chat.RoomRules) { r.Muted[annie.Person] = 1 }, annie, "", ""},
			{"banned", ban(gus.Person), gus, chat.CodeBanned, ""},
			{"banned and muted", func(r *chat.RoomRules) { mute(gus.Person)(r); ban(gus.Person)(r) }, gus,
				chat.CodeBanned, ""},
			{"address banned", ban(annie.Address), annie, chat.CodeBanned, ""},
			{"address banned, none known", ban(annie.Address), benny, "", ""},
			{"address banned, of a member", func(r *chat.RoomRules) {
				ban(annie.Address)(r)
				r.Roles = roles(chat.RoleMember, annie)
			}, annie, chat.CodeBanned, ""},
			{"address banned, of a moderator", func(r *chat.RoomRules) {
				ban(annie.Address)(r)
				r.Roles = roles(chat.RoleModerator, annie)
			}, annie, "", ""},
			{"a banned moderator", func(r *chat.RoomRules) {
				ban(annie.Person)(r)
				r.Roles = roles(chat.RoleModerator, annie)
			}, annie, chat.CodeBanned, ""},
			{"registered only, a guest", func(r *chat.RoomRules) { r.Registered = true }, gus,
				chat.CodeRegisteredOnly, ""},
			{"registered only, an account", func(r *chat.RoomRules) { r.Registered = true }, benny, "", ""},
			{"accounts, a guest", access(chat.AccessRegistered), gus, chat.CodeRegisteredOnly,
				chat.CodeRegisteredOnly},
			{"accounts, an account", access(chat.AccessRegistered), benny, "", ""},
			{"invite, a guest", access(chat.AccessInvite), gus, chat.CodeMembersOnly, chat.CodeMembersOnly},
			{"invite, an outsider", access(chat.AccessInvite, annie), benny, chat.CodeMembersOnly,
				chat.CodeMembersOnly},
			{"invite, a member", access(chat.AccessInvite, annie), annie, "", ""},
			{"invite, a muted member", func(r *chat.RoomRules) {
				access(chat.AccessInvite, annie)(r)
				mute(annie.Person)(r)
			}, annie, chat.CodeMuted, ""},
			{"an access from the future", access("secret", annie), benny, chat.CodeMembersOnly,
				chat.CodeMembersOnly},
			{"paused, a moderator", func(r *chat.RoomRules) {
				r.Paused = true
				r.Roles = roles(chat.RoleModerator, benny)
			}, benny, "", ""},
			{"paused, an owner", func(r *chat.RoomRules) {
				r.Paused = true
				r.Roles = roles(chat.RoleOwner, benny)
			}, benny, "", ""},
			{"a muted owner", func(r *chat.RoomRules) {
				r.Roles = roles(chat.RoleOwner, benny)
				mute(benny.Person)(r)
			}, benny, chat.CodeMuted, ""},
			{"paused", func(r *chat.RoomRules) {
				r.Paused = true
				r.Roles = roles(chat.RoleMember, benny)
			}, benny, chat.CodePaused, ""},
		} {
			d.decides(t, b, room, func(r *chat.RoomRules) {
				*r = chat.RoomRules{
					Version: r.Version, Muted: map[chat.Subject]int64{}, Banned: map[chat.Subject]int64{},
				}
				c.rule(r)
			})
			for _, kind := range []string{"", chat.TypeEdit} {
				_, err := sayBy(t, b, room, kind, uuid.NewString(), c.who)
				wantRefusal(t, c.what+" "+kind, err, c.code)
			}
			m := chat.Message{ID: uuid.NewString(), Author: "@ann"}
			_, err := b.Reactions().Restore(t.Context(), room, &m, nil, chat.EarlierGiven)
			wantRefusal(t, "nobody has reacted", err, "")
			reaction := by("@ann", heart, true)
			reaction.By = c.who
			_, err = b.Reactions().React(t.Context(), room, &m, reaction, chat.EarlierAsked)
			wantRefusal(t, c.what+", a reaction", err, c.code)
			reaction.On = false
			_, err = b.Reactions().React(t.Context(), room, &m, reaction, chat.EarlierAsked)
			wantRefusal(t, c.what+", a reaction taken back", err, c.own)
			p := publicationOf(room, &chat.Message{
				Type: chat.TypeDelete, ID: uuid.NewString(), Author: "@ann", Session: "s1",
				Extra: chat.ByAuthor(chat.Target{Seq: 9999, ID: uuid.NewString()}),
			})
			p.By = c.who
			done := make(chan error, 1)
			p.Done = func(_ Receipt, err error) { done <- err }
			wantRefusal(t, c.what+", a delete", errors.Join(b.PublishBody(t.Context(), p), <-done), c.own)
		}
		got, err := b.Rules().Read(t.Context(), room)
		if err != nil || !got.Paused || got.Version != d.rules[room].Version || got.IsClosed() ||
			got.Roles[benny.Person] != chat.RoleMember {
			t.Errorf("the copy is %+v, %v", got, err)
		}
	})
}

// A message that is in the log is acked when it is sent again, whatever the
// rules are by then.
func TestResendAfterAMuteIsAcked(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		all := servers(t, r.url, d, 2)
		first := takes(t, all[0], room, "1", annie)
		d.decides(t, all[0], room, mute(annie.Person))
		refuses(t, all[1], room, "2", annie, chat.CodeMuted)
		if again := takes(t, all[1], room, "1", annie); !again.Duplicate || again.Position != first.Position {
			t.Errorf("again: %+v, want %+v", again, first)
		}
		r.raw.Del(t.Context(), all[0].rulesKey(room)) // and while nobody knows the rules
		d.setAway(true)
		if again := takes(t, all[1], room, "1", annie); !again.Duplicate {
			t.Errorf("without rules: %+v", again)
		}
	})
}

func TestRulesInACluster(t *testing.T) {
	t.Parallel()
	d := newTruth()
	all := servers(t, testredis.NewOneNodeCluster(t), d, 2)
	takes(t, all[0], room, "1", annie)
	m := chat.Message{ID: uuid.NewString(), Author: "@ann"}
	before := by("@ben", heart, true)
	before.By = benny
	reacts(t, all[0], m, before)
	d.decides(t, all[0], room, func(r *chat.RoomRules) { r.Slow = time.Hour; mute(benny.Person)(r) })
	refuses(t, all[1], room, "2", benny, chat.CodeMuted)
	takes(t, all[1], room, "3", annie)
	refuses(t, all[0], room, "4", annie, chat.CodeSlowMode)
	reaction := by("@ben", thumb, true)
	reaction.By = benny
	_, err := all[0].Reactions().React(t.Context(), room, &m, reaction, chat.EarlierUnknown)
	wantRefusal(t, "a reaction", err, chat.CodeMuted)
	// Its sender may have missed the answer.
	_, err = all[1].Reactions().React(t.Context(), room, &m, before, chat.EarlierUnknown)
	wantRefusal(t, "a reaction from before the mute", err, "")
}
