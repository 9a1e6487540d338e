// Package chat is the vocabulary of livechat: what a message, a position in a room's log, a name and an error are.
//
// It knows no socket, no Redis, no HTTP. Everything else speaks in its terms.
package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// DefaultRoom is the room that a client joins without naming one.
const DefaultRoom = "livechat"

// MaxSeq is the largest sequence number: above 2^53-1 a JavaScript client could no longer tell two neighbours apart.
const MaxSeq = 1<<53 - 1

// epochLen is the length of an epoch in its text form: 64 random bits in hexadecimal.
const epochLen = 16

// Position is a place in the log of a room: the message that a client saw last.
//
// Seq alone would not do. A log can be lost and begun again (FLUSHALL, a Redis restored from an older snapshot); then 8 is
// another message than the 8 that a client has seen, and what it asks to follow would be silently wrong. Each log therefore has an
// Epoch, drawn at random when it begins, and a Seq means something only inside its epoch.
type Position struct {
	Epoch string // 16 lower-case hexadecimal digits
	Seq   uint64 // 0 before the first message; dense from 1
}

// String returns the text form `<epoch>:<seq>`, which clients send as `after`.
func (p Position) String() string {
	return p.Epoch + ":" + strconv.FormatUint(p.Seq, 10)
}

// ParsePosition reads the text form. What it accepts, String writes back unchanged.
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

var errBadAfter = &Error{Code: CodeBadAfter, Message: "after must be <epoch>:<seq> of the last message seen"}

// ValidEpoch says whether s has the form of an epoch.
func ValidEpoch(s string) bool {
	return len(s) == epochLen && isHex(s)
}

// Message is what one person said in a room.
type Message struct {
	Seq     uint64 // its place in the room's log
	Epoch   string // the log's epoch
	ID      string // UUID, given by the client or else by the server; an author has it in a log once
	App     string // APPID of the server that took it
	Session string // the connection that sent it
	Author  string // who sent it, over all connections; empty if nobody knows: see AccountAuthor, GuestAuthor and Key
	Name    string
	Text    string
	At      int64 // Unix milliseconds, by Redis' clock: one clock for all servers
}

// Code says what is wrong in a word that programs can rely on. A code never changes its meaning.
type Code string

// The codes that clients see, in `error` frames and in problem+json bodies.
const (
	CodeBadRequest         Code = "bad_request"
	CodeBadName            Code = "bad_name"
	CodeBadRoom            Code = "bad_room"
	CodeBadHistory         Code = "bad_history"
	CodeBadAfter           Code = "bad_after"
	CodeBadText            Code = "bad_text"
	CodeTooLong            Code = "too_long"
	CodeIDConflict         Code = "id_conflict"
	CodeRateLimited        Code = "rate_limited"
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
	CodeBadMedia           Code = "unsupported_media_type"
	CodeMethodNotAllowed   Code = "method_not_allowed"
	CodeInternal           Code = "internal"
)

// Error is an error that its receiver may see: a code for programs and a sentence for people.
type Error struct {
	Code         Code
	Message      string
	Retryable    bool  // the same request may succeed later
	RetryAfterMS int64 // when, in milliseconds; 0 = at the client's choice
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes a final (not retryable) Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError finds the Error in err's chain. Anything else is an internal error, whose text nobody outside sees.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: "something went wrong on our side", Retryable: true}
}
