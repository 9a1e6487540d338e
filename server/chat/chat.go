// Package chat is the vocabulary of livechat: messages, positions in a room's
// log, names, payloads and errors.
//
// It knows nothing of sockets, Redis or HTTP. All other packages use its terms.
package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultRoom is the room that a client joins if it names none.
const DefaultRoom = "livechat"

// MaxSeq is the largest sequence number. Above 2^53-1 JavaScript cannot tell
// neighbouring integers apart.
const MaxSeq = 1<<53 - 1

// epochLen is the length of an epoch: 64 random bits in hexadecimal.
const epochLen = 16

// Position is a place in the log of a room: that of the last message which a
// client has seen.
//
// Seq alone is not enough. A log can be lost and begin again (FLUSHALL, a Redis
// restored from an older snapshot). Then message 8 is not the 8 that a client
// has seen, and the client would silently miss messages. So each log has an
// Epoch, drawn at random when it begins, and a Seq is meaningful only within
// its epoch.
type Position struct {
	Epoch string // 16 lower-case hexadecimal digits
	Seq   uint64 // 0 before the first message; dense from 1
}

// String returns the text form `<epoch>:<seq>`, which clients send as `after`.
func (p Position) String() string {
	return p.Epoch + ":" + strconv.FormatUint(p.Seq, 10)
}

// ParsePosition reads the text form. String returns what it accepts unchanged.
func ParsePosition(s string) (Position, error) {
	epoch, digits, ok := strings.Cut(s, ":")
	if !ok || !ValidEpoch(epoch) {
		return Position{}, errBadAfter
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || seq > MaxSeq || len(digits) > 1 && digits[0] == '0' {
		return Position{}, errBadAfter
	}
	return Position{Epoch: epoch, Seq: seq}, nil
}

var errBadAfter = &Error{Code: CodeBadAfter,
	Message: "after must be <epoch>:<seq> of the last message you have seen"}

// ValidEpoch reports whether s has the form of an epoch.
func ValidEpoch(s string) bool {
	return len(s) == epochLen && isHex(s)
}

// Message is one entry of a room's log: a message, or an entry of another type
// with the members that it has.
type Message struct {
	Type    string // of an entry that is not a message, [a-z]+; "" for a message
	Seq     uint64 // its place in the room's log
	Epoch   string // the epoch that gave Seq
	ID      string // UUID, from the client or else the server; unique per author and log
	App     string // APPID of the server that accepted it
	Session string // the connection that sent it
	Author  string // sender, the same on all its connections; empty if unknown: see Key
	Name    string
	Text    string
	Extra   string // further members as they are in JSON, `"key":…,"key":…`; mostly empty
	At      int64  // Unix milliseconds by the clock of Redis, which all servers share
}

// Code names an error for programs. The meaning of a code never changes.
type Code string

// The codes that clients get, in error frames and problem+json bodies.
const (
	CodeBadRequest         Code = "bad_request"
	CodeBadName            Code = "bad_name"
	CodeBadRoom            Code = "bad_room"
	CodeBadHistory         Code = "bad_history"
	CodeBadAfter           Code = "bad_after"
	CodeBadText            Code = "bad_text"
	CodeTooLong            Code = "too_long"
	CodeIDConflict         Code = "id_conflict"
	CodeUnknownMessage     Code = "unknown_message"
	CodeNotYours           Code = "not_yours"
	CodeTooOld             Code = "too_old"
	CodeTooManyReactions   Code = "too_many_reactions"
	CodeRateLimited        Code = "rate_limited"
	CodeMuted              Code = "muted"
	CodeBanned             Code = "banned"
	CodeSlowMode           Code = "slow_mode"
	CodeRegisteredOnly     Code = "registered_only"
	CodePaused             Code = "paused"
	CodeBlockedWords       Code = "blocked_words"
	CodeMembersOnly        Code = "members_only"
	CodeKicked             Code = "kicked"
	CodeUnknownRoom        Code = "unknown_room"
	CodeRoomTaken          Code = "room_taken"
	CodeLastOwner          Code = "last_owner"
	CodeUnknownInvite      Code = "unknown_invite"
	CodeLimitReached       Code = "limit_reached"
	CodeUnavailable        Code = "unavailable"
	CodeForbiddenOrigin    Code = "forbidden_origin"
	CodeUpgradeRequired    Code = "upgrade_required"
	CodeDraining           Code = "draining"
	CodeTooSlow            Code = "too_slow"
	CodeTooManyRooms       Code = "too_many_rooms"
	CodeTooManyConnections Code = "too_many_connections"
	CodeNotFound           Code = "not_found"
	CodeUnauthorized       Code = "unauthorized"
	CodeForbidden          Code = "forbidden"
	CodeNameTaken          Code = "name_taken"
	CodeNameReserved       Code = "name_reserved"
	CodeBadPassword        Code = "bad_password"
	CodeBadChat            Code = "bad_chat"
	CodeUnknownUser        Code = "unknown_user"
	CodeAccountDeleted     Code = "account_deleted"
	CodeCannotWrite        Code = "cannot_write"
	CodeBlocking           Code = "blocking"
	CodeBadMedia           Code = "unsupported_media_type"
	CodeMethodNotAllowed   Code = "method_not_allowed"
	CodeInternal           Code = "internal"
)

// Error is an error that may be shown to the client: a code for programs and a
// sentence for users.
type Error struct {
	Code         Code
	Message      string
	Retryable    bool  // the same request may succeed later
	RetryAfterMS int64 // when, in milliseconds; 0: the client chooses
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf returns a final (not retryable) Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// RateLimited returns an Error for what was done too often, and can be done again
// after wait.
func RateLimited(message string, wait time.Duration) *Error {
	return &Error{
		Code: CodeRateLimited, Message: message, Retryable: true,
		RetryAfterMS: (wait + time.Millisecond - 1).Milliseconds(),
	}
}

// AsError finds the Error in err's chain. Any other error becomes an internal
// one that does not show its text.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: "something went wrong on our side; try again", Retryable: true}
}
