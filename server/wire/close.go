package wire

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// CloseCode is the status of a close frame (RFC 6455 section 7.4).
//
// Codes from 4000 to 4499 and the 1000s below except as noted ask the client to come back, with back-off; 4500 to 4999 ask it not to:
// the same client would only be closed again.
type CloseCode uint16

// All codes that the server sends, and what a client does about each:
//
//	code  name               the client
//	1000  normal             asked for it itself; else comes back
//	1001  shutting down      comes back
//	1002  protocol error     has a bug: comes back, its last frame is not sent again
//	1003  binary frame       comes back, that frame is not sent again
//	1007  bad UTF-8          comes back, that frame is not sent again
//	1009  too big            comes back, that frame is not sent again
//	1011  our bug            comes back
//	1012  restart            comes back at once, with jitter
//	1013  overloaded         comes back later
//	4001  logged out         or its session has ended: comes back with a new ticket, if it gets one
//	4008  too slow           comes back and resumes: the log went on without it; later, if an error too_slow before it said when
//	4009  no answer          comes back and resumes: it did not answer pings
//	4013  too fast           comes back later, and sends more slowly
//	4500  bad requests       stays away: it keeps sending what is refused
//	4501  name reserved      asks for another name, or logs in: an account has this one
//	4502  name kept back     asks for another name: nobody can have this one
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
)

// reasons are what people see next to the code.
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
}

// String returns the reason that is sent with the code.
func (c CloseCode) String() string { return reasons[c] }

// Label returns the code as a word for statistics, of which there are few: codes that only clients use are one.
func (c CloseCode) Label() string {
	if c == 0 {
		return "none"
	}
	if _, ours := reasons[c]; ours {
		return strconv.Itoa(int(c))
	}
	return "other"
}

// CloseFrame returns the finished close frame of a code (RFC 6455 section 5.5.1).
func CloseFrame(c CloseCode) []byte {
	body := binary.BigEndian.AppendUint16(nil, uint16(c))
	return control(opClose, append(body, c.String()...))
}

// AnswerClose returns the finished answer to a client's close frame, and its code (RFC 6455 sections 5.5.1 and 7.4). A payload in good order is
// echoed without its reason; no payload is answered by none, whose code is CloseNormal here. Others break the protocol, or their reason's UTF-8 is bad.
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

// validClose says whether a client may send this code: one that is registered (1014 is the last at the time of writing), or one of those that
// are for libraries and applications. 1004 to 1006 and 1015 never stand in a frame.
func validClose(code uint16) bool {
	switch {
	case code >= 3000:
		return code <= 4999
	case code >= 1004 && code <= 1006:
		return false
	}
	return code >= 1000 && code <= 1014
}
