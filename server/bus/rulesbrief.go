package bus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"livechat/server/chat"
)

// maxNamed bounds the bytes of the head that name those who have a mute, a ban
// or a role: with the hashes of guests, some two hundred. It is read for each
// message. In rooms that have more, a message costs one more command.
const maxNamed = 4096

// brief returns what the head of a log says of a room's rules: their kind and
// what follows their version. See rules.lua. Empty: there are none.
func brief(r chat.RoomRules) (kind, rest string) {
	if !r.Any() {
		return "", ""
	}
	named, whole := named(r)
	kind = "-"
	if !whole || r.IsClosed() || r.Registered || r.Paused {
		kind = "+"
	}
	return kind, fmt.Sprintf("%d %s %s %d%d%d%s", r.Slow.Milliseconds(),
		cmp.Or(chat.WordsVersion(r.Words), "-"), cmp.Or(string(r.Access), "-"),
		one(r.Registered), one(r.Paused), one(whole), named)
}

// named returns everybody who has a mute, a ban or a role, as the head names
// them; whole is false if they are too many, or one could be mistaken for
// another there.
func named(r chat.RoomRules) (list string, whole bool) {
	all := make(map[chat.Subject]byte, len(r.Roles)+len(r.Muted)+len(r.Banned))
	for of, role := range r.Roles {
		switch {
		case role.Moderates():
			all[of] = 'o'
		case role == chat.RoleMember:
			all[of] = 'm'
		default: // of a later version
			all[of] = 'x'
		}
	}
	for _, ends := range []map[chat.Subject]int64{r.Muted, r.Banned} {
		for of := range ends {
			all[of] = 'x'
		}
	}
	var s strings.Builder
	for _, of := range slices.Sorted(maps.Keys(all)) {
		s.WriteString(" " + string(of) + "=" + string(all[of]))
		if s.Len() > maxNamed || strings.Contains(string(of), "=") {
			return "", false
		}
	}
	return s.String(), true
}
