package wire

import "encoding/binary"

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
//	4008  too slow           comes back and resumes: the log went on without it
//	4009  no answer          comes back and resumes: it did not answer pings
//	4013  too fast           comes back later, and sends more slowly
//	4500  bad requests       stays away: it keeps sending what is refused
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
	CloseTooSlow      CloseCode = 4008
	CloseNoAnswer     CloseCode = 4009
	CloseTooFast      CloseCode = 4013
	CloseBadRequests  CloseCode = 4500
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
	CloseTooSlow:      "too slow, please reconnect and resume",
	CloseNoAnswer:     "no answer to pings",
	CloseTooFast:      "too many messages",
	CloseBadRequests:  "too many bad requests",
}

// String returns the reason that is sent with the code.
func (c CloseCode) String() string { return reasons[c] }

// CloseFrame returns the finished close frame of a code (RFC 6455 section 5.5.1).
func CloseFrame(c CloseCode) []byte {
	body := binary.BigEndian.AppendUint16(nil, uint16(c))
	return control(opClose, append(body, c.String()...))
}

// EchoClose returns the answer to a client's close frame (RFC 6455 section 5.5.1): the same code. 1005 stands for a frame without one,
// and never appears on the wire.
func EchoClose(code int) []byte {
	const noStatus = 1005
	if code == noStatus {
		return control(opClose, nil)
	}
	return control(opClose, binary.BigEndian.AppendUint16(nil, uint16(code)))
}

// CloseFrameCode reads the code of an unmasked close frame; 0 if it has none. ok is false for any other frame.
func CloseFrameCode(frame []byte) (code CloseCode, ok bool) {
	if len(frame) < 2 || frame[0] != opClose {
		return 0, false
	}
	if len(frame) >= 4 {
		code = CloseCode(binary.BigEndian.Uint16(frame[2:]))
	}
	return code, true
}
