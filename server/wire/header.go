package wire

import "encoding/binary"

// Opcodes of the frames that clients send (RFC 6455 section 5.2).
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
)

// Header is the header of a frame that a client sent (RFC 6455 section 5.2).
type Header struct {
	Fin    bool
	Op     byte // one of the opcodes above
	Length uint64
	Mask   [4]byte
}

// ParseHeader parses the header at the start of b, which has at least two
// bytes, and returns its size. If b is shorter than that, h is not valid yet.
// code is CloseProtocol for a header that no client may send, otherwise 0; most
// invalid headers are detected by their first two bytes.
func ParseHeader(b []byte) (h Header, size int, code CloseCode) {
	const fin, reserved, masked = 0x80, 0x70, 0x80
	h = Header{Fin: b[0]&fin != 0, Op: b[0] & 0xF, Length: uint64(b[1] &^ masked)}
	if b[0]&reserved != 0 || b[1]&masked == 0 {
		return h, 0, CloseProtocol
	}
	switch h.Op {
	case OpContinuation, OpText, OpBinary:
	case OpClose, OpPing, OpPong:
		if !h.Fin || h.Length > maxControl {
			return h, 0, CloseProtocol
		}
	default:
		return h, 0, CloseProtocol
	}
	const mask = 4
	at, least := 2, uint64(0)
	switch h.Length {
	case 126:
		at, least = 4, 126
	case 127:
		at, least = 10, 1<<16
	}
	size = at + mask
	if len(b) < size {
		return h, size, 0
	}
	switch at {
	case 4:
		h.Length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		h.Length = binary.BigEndian.Uint64(b[2:])
	}
	if h.Length < least || h.Length >= 1<<63 { // not the shortest form, or the bit that must be 0
		return h, 0, CloseProtocol
	}
	copy(h.Mask[:], b[at:])
	return h, size, 0
}

// Control reports whether the frame is a control frame, which may come between
// the fragments of a message.
func (h Header) Control() bool { return h.Op >= OpClose }

// Unmask decodes a masked payload, or the start of one, in place (RFC 6455
// section 5.3).
func Unmask(payload []byte, mask [4]byte) {
	four := uint64(binary.LittleEndian.Uint32(mask[:]))
	eight := four | four<<32
	for len(payload) >= 8 {
		binary.LittleEndian.PutUint64(payload, binary.LittleEndian.Uint64(payload)^eight)
		payload = payload[8:]
	}
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
}
