package chat

import (
	"strconv"
	"strings"
	"time"
)

// MaxSlow is the longest time between two messages that slow mode can ask for.
const MaxSlow = 6 * time.Hour

// CheckSlow refuses what slow mode cannot ask for. Code: bad_request.
func CheckSlow(slow time.Duration) error {
	if slow < 0 || slow > MaxSlow || slow%time.Second != 0 {
		return Errorf(CodeBadRequest, "slow mode takes whole seconds, from 0 to %d", int(MaxSlow.Seconds()))
	}
	return nil
}

// MaxReason is the longest reason of a mute or a ban, in characters.
const MaxReason = 500

// Subject names someone whom a mute or a ban is about, as the working copy of a
// room's rules does: an account, a guest or an address. It has no spaces.
type Subject string

// The kinds of a Subject.
const (
	SubjectAccount = "account"
	SubjectGuest   = "guest"
	SubjectAddress = "address"
)

var subjectPrefixes = map[string]string{SubjectAccount: "a:", SubjectGuest: "g:", SubjectAddress: "h:"}

// AccountSubject is an account, by its id.
func AccountSubject(user int64) Subject { return Subject("a:" + strconv.FormatInt(user, 10)) }

// GuestSubject is a guest, by the author of its messages (GuestAuthor) or,
// without a guest key, by the session of its connection.
func GuestSubject(person string) Subject { return Subject("g:" + person) }

// AddressSubject is whoever has an address, by its keyed hash.
func AddressSubject(hash string) Subject { return Subject("h:" + hash) }

// NewSubject returns the subject of a kind with an id. Code: bad_request.
func NewSubject(kind, id string) (Subject, error) {
	prefix, ok := subjectPrefixes[kind]
	number, err := strconv.ParseInt(id, 10, 64)
	switch {
	case !ok || id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool {
		return r <= ' ' || r >= 0x7f
	}):
		return "", Errorf(CodeBadRequest, "this names no account, guest or address")
	case kind == SubjectAccount && (err != nil || number < 1 || strconv.FormatInt(number, 10) != id):
		return "", Errorf(CodeBadRequest, "the id of an account is a number")
	}
	return Subject(prefix + id), nil
}

// Split returns the kind and the id of a subject; two empty texts if it is
// none.
func (s Subject) Split() (kind, id string) {
	for kind, prefix := range subjectPrefixes {
		if id, ok := strings.CutPrefix(string(s), prefix); ok && id != "" {
			return kind, id
		}
	}
	return "", ""
}

// Word returns the subject as kind:id, which is how users write it.
func (s Subject) Word() string {
	kind, id := s.Split()
	return kind + ":" + id
}

// ParseSubject is the reverse of Word. Code: bad_request.
func ParseSubject(word string) (Subject, error) {
	kind, id, _ := strings.Cut(word, ":")
	return NewSubject(kind, id)
}

// Writer is who writes in a room, as its rules know them. The zero Writer is
// nobody: a server that restores what it has accepted earlier is not bound by
// rules.
type Writer struct {
	Person  Subject // an account or a guest
	Address Subject // empty if unknown, or if addresses are not looked at
}

// Access says who may be in a room: read it, and write in it. Empty: everybody,
// because nobody has made the room.
type Access string

// The values of Access.
const (
	AccessOpen       Access = "open"       // everybody
	AccessRegistered Access = "registered" // accounts
	AccessInvite     Access = "invite"     // accounts with a role in it
)

// RoomRole is what an account is in a room.
type RoomRole string

// The values of RoomRole.
const (
	RoleMember    RoomRole = "member"
	RoleModerator RoomRole = "moderator"
	RoleOwner     RoomRole = "owner"
)

// Moderates reports whether this role has the rights of a moderator.
func (r RoomRole) Moderates() bool { return r == RoleModerator || r == RoleOwner }

// RoomRules are what is decided about a room: who may be in it, and what they
// may do. The zero value is that of a room without rules.
type RoomRules struct {
	// Version rises with each change; 0: there has been none.
	Version    int64
	Access     Access
	Roles      map[Subject]RoomRole // of accounts
	Slow       time.Duration        // between two messages of one who does not moderate; 0: no slow mode
	Registered bool                 // only accounts may write
	Paused     bool                 // only those who moderate may write
	Pinned     *Pin                 // nil: no message
	Words      []string             // blocked for all who do not moderate: see package words
	// Muted and Banned say until when, in Unix milliseconds; 0: for ever. Some
	// may have ended.
	Muted, Banned map[Subject]int64
}

// Any reports whether the room has any rules.
func (r RoomRules) Any() bool {
	return r.Pinned != nil || len(r.Words) > 0 || r.Slow > 0 || r.Registered || r.Paused ||
		r.Access != "" || len(r.Roles) > 0 ||
		len(r.Muted) > 0 || len(r.Banned) > 0
}

// IsClosed reports whether somebody may not be in the room, or read it, for
// lack of an account or a role.
func (r RoomRules) IsClosed() bool { return r.Access != "" && r.Access != AccessOpen }

// Admits returns nil if someone may be in the room, and else why not. Codes:
// banned, registered_only, members_only.
func (r RoomRules) Admits(w Writer, now time.Time) error {
	if until, banned := r.Bans(w, now); banned {
		var wait time.Duration
		if until > 0 {
			wait = max(time.Millisecond, time.UnixMilli(until).Sub(now))
		}
		return RuleRefusal(CodeBanned, wait)
	}
	kind, _ := w.Person.Split()
	switch {
	case !r.IsClosed():
		return nil
	case r.Access == AccessRegistered && kind == SubjectAccount:
		return nil
	case r.Access == AccessRegistered:
		return errAccountsEnter
	case kind == SubjectAccount && r.Roles[w.Person] != "":
		return nil
	}
	return RuleRefusal(CodeMembersOnly, 0) // an access that is not known is none
}

// Bans reports whether someone is banned, and until when; 0: for ever. A ban of
// an address is not for those who moderate: others may have the same.
func (r RoomRules) Bans(w Writer, now time.Time) (until int64, banned bool) {
	if r.Roles[w.Person].Moderates() {
		w.Address = ""
	}
	for _, s := range []Subject{w.Person, w.Address} {
		if u, ok := r.Banned[s]; ok && s != "" && (u == 0 || u > now.UnixMilli()) {
			if u == 0 {
				return 0, true
			}
			until, banned = max(until, u), true
		}
	}
	return until, banned
}

// The errors with which the rules of a room refuse something. wait is how long
// that lasts; 0: for ever, or nobody knows.
var (
	refusedMuted      = Error{Code: CodeMuted, Message: "you are muted in this room"}
	refusedBanned     = Error{Code: CodeBanned, Message: "you are banned from this room"}
	refusedSlow       = Error{Code: CodeSlowMode, Message: "this room is in slow mode", Retryable: true}
	refusedRegistered = Error{Code: CodeRegisteredOnly, Message: "only accounts can write in this room"}
	refusedPaused     = Error{Code: CodePaused, Message: "this room is paused"}
	refusedWords      = Error{Code: CodeBlockedWords, Message: "this has words that are blocked in this room"}
	refusedMembers    = Error{Code: CodeMembersOnly, Message: "this room is for its members"}

	errAccountsEnter = Errorf(CodeRegisteredOnly, "this room is for accounts: log in")
)

// RuleRefusal returns the error for a code with which a room's rules refuse
// something; nil if it is none of theirs. wait is how long that lasts; 0: for
// ever, or nobody knows.
func RuleRefusal(code Code, wait time.Duration) *Error {
	for _, e := range []Error{refusedMuted, refusedBanned, refusedSlow, refusedRegistered, refusedPaused,
		refusedMembers, refusedWords} {
		if e.Code == code {
			e.RetryAfterMS = wait.Milliseconds()
			return &e
		}
	}
	return nil
}
