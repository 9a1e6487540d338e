package bus

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/server/chat"
)

// crowd names n guests, who have the subjects of guests with keys.
func crowd(n int) (all []chat.Writer) {
	for i := range n {
		all = append(all, chat.Writer{Person: chat.GuestSubject(fmt.Sprintf("%016d", i))})
	}
	return all
}

// The head names the people that rules apply to, or says that they are too
// many. Either decides as the hash does.
func TestNamedInTheHead(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		d := newTruth()
		b := servers(t, r.url, d, 1)[0]
		moderator := chat.Writer{Person: chat.AccountSubject(15)}
		member := chat.Writer{Person: chat.AccountSubject(5)}
		home := chat.Writer{Person: gus.Person, Address: annie.Address}
		for what, also := range map[string]func(*chat.RoomRules){
			"nobody else": func(*chat.RoomRules) {},
			"a few":       func(r *chat.RoomRules) { muteAll(r, crowd(100)) },
			"too many":    func(r *chat.RoomRules) { muteAll(r, crowd(500)) },
			// Such an id is nobody's, but it can be asked for.
			"one that looks like another": mute(chat.GuestSubject("xa:2=o")),
		} {
			d.decides(t, b, room, func(r *chat.RoomRules) {
				*r = chat.RoomRules{Version: r.Version, Access: chat.AccessInvite,
					Muted: map[chat.Subject]int64{}, Banned: map[chat.Subject]int64{}}
				r.Roles = roles(chat.RoleModerator, moderator)
				maps.Copy(r.Roles, roles(chat.RoleMember, member, annie))
				r.Slow = chat.MaxSlow
				also(r)
				ban(annie.Address)(r)
			})
			refuse := func(who chat.Writer, code chat.Code) {
				t.Helper()
				_, err := sayBy(t, b, room, chat.TypeEdit, uuid.NewString(), who)
				wantRefusal(t, what+", "+string(who.Person), err, code)
			}
			takes(t, b, room, uuid.NewString(), moderator)
			takes(t, b, room, uuid.NewString(), moderator)
			refuse(member, "")
			refuse(annie, chat.CodeBanned)
			refuse(home, chat.CodeBanned)
			refuse(gus, chat.CodeMembersOnly)
			refuse(benny, chat.CodeMembersOnly)
		}
		d.decides(t, b, room, func(r *chat.RoomRules) {
			*r = chat.RoomRules{Version: r.Version, Muted: map[chat.Subject]int64{}}
			muteAll(r, crowd(500))
		})
		refuses(t, b, room, "muted", crowd(500)[499], chat.CodeMuted)
		takes(t, b, room, "not muted", benny)
	})
}

func muteAll(r *chat.RoomRules, all []chat.Writer) {
	for _, w := range all {
		r.Muted[w.Person] = 0
	}
}

// Whoever is not named in the rules costs no further command, and in slow mode
// one.
func TestRulesCostNoCommand(t *testing.T) {
	t.Parallel()
	r, d := realRedis(t), newTruth()
	b := servers(t, r.url, d, 1)[0]
	const n = 20
	writers, sent := crowd(n+100), 0
	commands := func() map[string]int {
		t.Helper()
		before := commandCalls(t, r)
		for _, w := range writers[100:] {
			sent++
			takes(t, b, room, strconv.Itoa(sent), w)
		}
		after := commandCalls(t, r)
		for name, calls := range after {
			after[name] = calls - before[name]
			if !slices.Contains([]string{"hmget", "get", "mget", "set"}, name) {
				delete(after, name)
			}
		}
		return after
	}
	d.decides(t, b, room, func(*chat.RoomRules) {})
	none := commands()
	d.decides(t, b, room, func(r *chat.RoomRules) { muteAll(r, writers[:100]) })
	if got := commands(); got["hmget"] > none["hmget"]+n/2 || got["set"] > none["set"]+n/2 {
		t.Errorf("with mutes: %v, without: %v", got, none)
	}
	d.decides(t, b, room, func(r *chat.RoomRules) { r.Slow = chat.MaxSlow })
	if got := commands(); got["hmget"] > none["hmget"]+n/2 || got["get"] > n/2 || got["mget"] < n ||
		got["set"] > none["set"]+n*3/2 {
		t.Errorf("in slow mode: %v, without: %v", got, none)
	}
}

// commandCalls returns how often Redis has run each command.
func commandCalls(t *testing.T, r *backend) map[string]int {
	t.Helper()
	info, err := r.raw.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]int)
	for line := range strings.Lines(info) {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls="); ok {
			calls, _, _ := strings.Cut(rest, ",")
			n, err := strconv.Atoi(calls)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = n
		}
	}
	return all
}
