package wire

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// Every pair of first bytes is accepted or refused according to RFC 6455
// section 5.2.
func TestParseHeader(t *testing.T) {
	for first := range 256 {
		for second := range 256 {
			op, length := first&0xF, second&0x7F
			right := first&0x70 == 0 && second&0x80 != 0 &&
				(op <= 2 || op >= 8 && op <= 10 && first&0x80 != 0 && length <= 125)
			_, size, code := ParseHeader([]byte{byte(first), byte(second)})
			want := map[int]int{126: 8, 127: 14}[length]
			if want == 0 {
				want = 6
			}
			if right && (code != 0 || size != want) || !right && code != CloseProtocol {
				t.Fatalf("%02x %02x: size %d, code %d", first, second, size, code)
			}
		}
	}
	for length, right := range map[uint64]bool{0: false, 125: false, 126: true, 65535: true} {
		b := append(binary.BigEndian.AppendUint16([]byte{0x81, 0xFE}, uint16(length)), 1, 2, 3, 4)
		if h, size, code := ParseHeader(b); right != (code == 0) ||
			right && (h.Length != length || size != 8 || h.Mask != [4]byte{1, 2, 3, 4}) {
			t.Errorf("%d in two bytes: %+v, %d, %d", length, h, size, code)
		}
	}
	for length, right := range map[uint64]bool{
		0: false, 125: false, 65535: false, 65536: true, 1<<63 - 1: true, 1 << 63: false, 1<<64 - 1: false} {
		b := append(binary.BigEndian.AppendUint64([]byte{0x81, 0xFF}, length), 1, 2, 3, 4)
		if h, size, code := ParseHeader(b); right != (code == 0) ||
			right && (h.Length != length || size != 14) {
			t.Errorf("%d in eight bytes: %+v, %d, %d", length, h, size, code)
		}
	}
}

func TestUnmask(t *testing.T) {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d} // RFC 6455 section 5.7
	hello := []byte{0x7f, 0x9f, 0x4d, 0x51, 0x58}
	if Unmask(hello, mask); string(hello) != "Hello" {
		t.Errorf("got %q", hello)
	}
	for n := range 40 {
		b := make([]byte, n)
		Unmask(b, mask)
		for i := range b {
			if b[i] != mask[i%4] {
				t.Fatalf("%d bytes: byte %d is %x", n, i, b[i])
			}
		}
	}
}

func TestAnswerClose(t *testing.T) {
	valid := func(code int) bool { // the list of the registry, as of 2026
		return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
	}
	for code := range 1 << 16 {
		want := CloseCode(code)
		if !valid(code) {
			want = CloseProtocol
		}
		frame, got := AnswerClose(append(binary.BigEndian.AppendUint16(nil, uint16(code)), "bye"...))
		if got != want || CloseCode(binary.BigEndian.Uint16(frame[2:])) != want {
			t.Fatalf("%d: % x, %d, want %d", code, frame, got, want)
		}
	}
	for payload, want := range map[string]CloseCode{
		"": CloseNormal, "\x03": CloseProtocol, "\x03\xe8\xff": CloseBadUTF8, "\x00\x01\xff": CloseProtocol} {
		if _, got := AnswerClose([]byte(payload)); got != want {
			t.Errorf("%q: %d, want %d", payload, got, want)
		}
	}
	if frame, _ := AnswerClose(nil); !bytes.Equal(frame, []byte{0x88, 0}) {
		t.Errorf("an empty close is answered with % x", frame)
	}
}

// An accepted header can be written back unchanged, so there is one encoding
// for each.
func FuzzParseHeader(f *testing.F) {
	f.Add([]byte{0x81, 0x85, 1, 2, 3, 4})
	f.Add([]byte{0x01, 0xFE, 0, 126, 1, 2, 3, 4})
	f.Add([]byte{0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2 {
			return
		}
		h, size, code := ParseHeader(b)
		if code != 0 || size > len(b) {
			if code != 0 && code != CloseProtocol || size > 14 {
				t.Errorf("% x: %d, %d", b, size, code)
			}
			return
		}
		first := h.Op
		if h.Fin {
			first |= 0x80
		}
		again := []byte{first}
		switch {
		case h.Length < 126:
			again = append(again, 0x80|byte(h.Length))
		case h.Length < 1<<16:
			again = binary.BigEndian.AppendUint16(append(again, 0x80|126), uint16(h.Length))
		default:
			again = binary.BigEndian.AppendUint64(append(again, 0x80|127), h.Length)
		}
		if again = append(again, h.Mask[:]...); !bytes.Equal(again, b[:size]) {
			t.Errorf("% x was read as % x", b[:size], again)
		}
	})
}

// The answer is a complete close frame with the returned code.
func FuzzAnswerClose(f *testing.F) {
	f.Add([]byte("\x03\xe8bye"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		frame, code := AnswerClose(payload)
		if frame[0] != 0x88 || len(frame) != 2+int(frame[1]) {
			t.Fatalf("% x", frame)
		}
		if len(frame) >= 4 && CloseCode(binary.BigEndian.Uint16(frame[2:])) != code ||
			len(frame) < 4 && len(payload) > 0 {
			t.Errorf("% x with code %d", frame, code)
		}
	})
}
