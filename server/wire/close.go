package wire

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// CloseCode is the status of a close frame (RFC 6455 section 7.4).
//
// The 1000s below, except as noted, and 4000 to 4499 ask the client to
// reconnect, with back-off. 4500 to 4999 ask it not to: the same client would
// only be closed again.
type CloseCode uint16

// All codes that the server sends, and what a client does about each:
//
//	code  name               the client
//	1000  normal             closed the connection itself; otherwise reconnects
//	1001  shutting down      reconnects
//	1002  protocol error     has a bug: reconnects without its last frame
//	1003  binary frame       reconnects without that frame
//	1007  bad UTF-8          reconnects without that frame
//	1009  too big            reconnects without that frame
//	1011  our bug            reconnects
//	1012  restart            reconnects at once, with jitter
//	1013  overloaded         reconnects later
//	4001  logged out         or session over: reconnects if it gets a new ticket
//	4008  too slow           resumes; later, if an error too_slow named a time
//	4009  no answer          resumes: it did not answer pings
//	4013  too fast           reconnects later, and sends more slowly
//	4500  bad requests       stays away: it repeats refused requests
//	4501  name reserved      logs in or uses another name: it belongs to an account
//	4502  name kept back     uses another name: nobody can have this one
//	4503  banned             stays away from this room
//	4504  accounts only      logs in, or stays away from this room
//	4505  members only       stays away from this room, until it is invited
//	4506  kicked             comes back when its user wants to
//	4507  unknown room       goes to another room: there is none of this name
const (
	CloseNormal       CloseCode = 1000
	CloseShuttingDown CloseCode = 1001
	CloseProtocol     CloseCode = 1002
	CloseBinary       CloseCode = 1003
	CloseBadUTF8      CloseCode = 1007
	CloseTooBig       CloseCode = 1009
	CloseInternal     CloseCode = 1011
	CloseRestart      CloseCode = 1012
	CloseOverloaded   CloseCode = 1013
	CloseLoggedOut    CloseCode = 4001
	CloseTooSlow      CloseCode = 4008
	CloseNoAnswer     CloseCode = 4009
	CloseTooFast      CloseCode = 4013
	CloseBadRequests  CloseCode = 4500
	CloseNameReserved CloseCode = 4501
	CloseNameKept     CloseCode = 4502
	CloseBanned       CloseCode = 4503
	CloseAccountsOnly CloseCode = 4504
	CloseMembersOnly  CloseCode = 4505
	CloseKicked       CloseCode = 4506
	CloseUnknownRoom  CloseCode = 4507
)

// reasons are shown to users next to the code.
var reasons = map[CloseCode]string{
	CloseNormal:       "",
	CloseShuttingDown: "shutting down",
	CloseProtocol:     "protocol error",
	CloseBinary:       "text frames only",
	CloseBadUTF8:      "text must be valid UTF-8",
	CloseTooBig:       "frame too big",
	CloseInternal:     "internal error",
	CloseRestart:      "restarting, please reconnect",
	CloseOverloaded:   "overloaded, please come back later",
	CloseLoggedOut:    "logged out",
	CloseTooSlow:      "too slow, please reconnect and resume",
	CloseNoAnswer:     "no answer to pings",
	CloseTooFast:      "too many frames in a short time",
	CloseBadRequests:  "too many bad requests",
	CloseNameReserved: "the name belongs to an account",
	CloseNameKept:     "the name is reserved",
	CloseBanned:       "banned from this room",
	CloseAccountsOnly: "this room is for accounts",
	CloseMembersOnly:  "this room is for its members",
	CloseKicked:       "removed from this room",
	CloseUnknownRoom:  "there is no such room",
}

// String returns the reason that is sent with the code.
func (c CloseCode) String() string { return reasons[c] }

// Label returns the code as a metric label. Codes that only clients use share
// one label, so there are few.
func (c CloseCode) Label() string {
	if c == 0 {
		return "none"
	}
	if _, ours := reasons[c]; ours {
		return strconv.Itoa(int(c))
	}
	return "other"
}

// CloseFrame returns a complete close frame (RFC 6455 section 5.5.1).
func CloseFrame(c CloseCode) []byte {
	body := binary.BigEndian.AppendUint16(nil, uint16(c))
	return control(opClose, append(body, c.String()...))
}

// AnswerClose returns the complete answer to a client's close frame, and its
// code (RFC 6455 sections 5.5.1 and 7.4). A valid payload is echoed without its
// reason. An empty one gets an empty answer, whose code is CloseNormal here.
// Other payloads violate the protocol, or have a reason in invalid UTF-8.
func AnswerClose(payload []byte) (frame []byte, code CloseCode) {
	if len(payload) == 0 {
		return control(opClose, nil), CloseNormal
	}
	if len(payload) == 1 || !validClose(binary.BigEndian.Uint16(payload)) {
		return CloseFrame(CloseProtocol), CloseProtocol
	}
	if !utf8.Valid(payload[2:]) {
		return CloseFrame(CloseBadUTF8), CloseBadUTF8
	}
	return control(opClose, payload[:2:2]), CloseCode(binary.BigEndian.Uint16(payload))
}

// validClose reports whether a client may send this code: registered codes (up
// to 1014 at the time of writing), and those for libraries and applications.
// 1004 to 1006 and 1015 never appear in a frame.
func validClose(code uint16) bool {
	switch {
	case code >= 3000:
		return code <= 4999
	case code >= 1004 && code <= 1006:
		return false
	}
	return code >= 1000 && code <= 1014
}
