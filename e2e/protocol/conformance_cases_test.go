package protocol

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Reserved bits, opcodes, masks and lengths (RFC 6455 sections 5.1 and 5.2).
func headerCases() (all []conformance) {
	for _, op := range []byte{opText, opPing, opClose} {
		for _, bits := range []byte{0x40, 0x20, 0x10, 0x50, 0x70} {
			all = append(
				all,
				ends(1002, fmt.Sprintf("opcode %d with reserved bits %02x", op, bits),
					masked(fin|bits|op, "")),
			)
		}
		all = append(all, ends(1002, fmt.Sprintf("opcode %d not masked", op), []byte{fin | op, 0}))
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		all = append(all,
			ends(1002, fmt.Sprintf("opcode %d", op), masked(fin|op, "")),
			ends(1002, fmt.Sprintf("opcode %d with a payload", op), masked(fin|op, "payload")))
	}
	announce := func(first byte, size byte, length ...byte) []byte {
		return append(append([]byte{first, 0x80 | size}, length...), 0, 0, 0, 0)
	}
	return append(
		all,
		ends(1002, "5 bytes announced in 16 bits", announce(fin|opText, 126, 0, 5), []byte("hello")),
		ends(1002, "5 bytes announced in 64 bits", announce(fin|opText, 127, 0, 0, 0, 0, 0, 0, 0, 5),
			[]byte("hello")),
		ends(1002, "65535 bytes announced in 64 bits",
			announce(fin|opText, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF)),
		ends(1002, "2^63 bytes", announce(fin|opText, 127, 0x80, 0, 0, 0, 0, 0, 0, 0)),
		ends(1002, "2^64-1 bytes", announce(fin|opText, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)),
		ends(1009, "2^63-1 bytes", announce(fin|opText, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)),
		ends(1009, "2^63-1 bytes in the second fragment", masked(opText, "a"),
			announce(fin|opContinuation, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)),
		ends(1009, "64 KiB", masked(fin|opText, strings.Repeat("a", 64<<10))),
		accepted("the shortest lengths in 16 bits", masked(fin|opText, strings.Repeat("a", 126)),
			strings.Repeat("a", 126)),
		accepted("the longest length in 7 bits", masked(fin|opText, strings.Repeat("a", 125)),
			strings.Repeat("a", 125)),
		ends(1003, "binary", masked(fin|opBinary, "hi")),
		ends(1003, "empty binary", masked(fin|opBinary, "")),
		ends(1003, "the first fragment of a binary message", masked(opBinary, "hi")),
	)
}

// Pings and pongs (sections 5.5, 5.5.2 and 5.5.3).
func controlCases() (all []conformance) {
	for op, name := range map[byte]string{opPing: "ping", opPong: "pong", opClose: "close"} {
		all = append(
			all,
			ends(1002, "a fragment of a "+name, masked(op, "")),
			ends(1002, "a fragment of a "+name+" with a payload", masked(op, "\x03\xe8"),
				masked(fin|opContinuation, "")),
			ends(1002, "126 bytes of "+name, masked(fin|op, strings.Repeat("\x03\xe8", 63))),
		)
	}
	for _, payload := range []string{"", "hello", "\x00\xff\xfe\xfd\xfc", strings.Repeat("\xfe", 125)} {
		all = append(
			all,
			answers(fmt.Sprintf("ping of %d bytes", len(payload)), masked(fin|opPing, payload),
				"pong "+payload),
		)
	}
	end := masked(fin|opText, "end")
	var ten conformance
	for i := range 10 {
		ten.name = "ten pings"
		ten.parts = append(ten.parts,
			part{masked(fin|opPing, fmt.Sprint(i)), []string{fmt.Sprint("pong ", i)}})
	}
	drip := answers("a ping, byte by byte", masked(fin|opPing, strings.Repeat("drip", 31)),
		"pong "+strings.Repeat("drip", 31))
	drip.drip = true
	return append(
		all,
		ten,
		drip,
		accepted("an unsolicited pong", append(masked(fin|opPong, ""), end...), "end"),
		accepted("an unsolicited pong with a payload", append(masked(fin|opPong, "unasked"), end...), "end"),
		accepted("unsolicited pongs", append(bytes.Repeat(masked(fin|opPong, "unasked"), 10), end...), "end"),
		answers("an unsolicited pong, then a ping",
			append(masked(fin|opPong, "unasked"), masked(fin|opPing, "asked")...), "pong asked"),
	)
}

// Close frames (sections 5.5.1 and 7.4).
func closeCases() (all []conformance) {
	for _, code := range []int{
		1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
	} {
		all = append(all, ends(code, fmt.Sprint("close with ", code), closing(code, "")))
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		all = append(all, ends(1002, fmt.Sprint("close with ", code), closing(code, "")))
		all = append(all, ends(1002, fmt.Sprint("close with a reason and ", code), closing(code, "because")))
	}
	drip := ends(1000, "close, byte by byte", closing(1000, "drip"))
	drip.drip = true
	return append(all, drip,
		answers("close without a code", masked(fin|opClose, ""), "close", "end"),
		ends(1002, "close with one byte", masked(fin|opClose, "\x03")),
		ends(1000, "close with a reason", closing(1000, "so long")),
		ends(1000, "close with the longest reason", closing(1000, strings.Repeat("a", 123))),
		ends(1007, "close with a reason that is not UTF-8", closing(1000, "so l\xffng")),
		ends(1007, "close with a reason that ends in a character", closing(1000, "so long \xe2\x82")),
		ends(1000, "close, then a ping", closing(1000, ""), masked(fin|opPing, "late")),
		ends(1000, "close twice", closing(1000, ""), closing(1001, "")),
		ends(1000, "close inside a message", masked(opText, "half"), closing(1000, "")),
		ends(1000, "close, then nonsense", closing(1000, ""), bytes.Repeat([]byte{0xFF}, 100000)),
	)
}

// Fragmented messages (section 5.4).
func fragmentCases() []conformance {
	const text, object = "to be, or not to be", `{"type":"message","text":"end"`
	half, rest := masked(opText, text[:5]), masked(fin|opContinuation, text[5:])
	ping, end := masked(fin|opPing, "in between"), masked(fin|opText, "end")
	drip := accepted("fragments, byte by byte", fragments(text, 4), text)
	drip.drip = true
	whole := accepted("a message, byte by byte", masked(fin|opText, strings.Repeat(text, 10)),
		strings.Repeat(text, 10))
	whole.drip = true
	return []conformance{
		drip, whole,
		ends(1002, "continuation without a message", masked(fin|opContinuation, text)),
		ends(1002, "unfinished continuation without a message", masked(opContinuation, text), rest),
		ends(1002, "empty continuation without a message", masked(fin|opContinuation, "")),
		ends(1002, "text inside a message", half, masked(fin|opText, text)),
		ends(1002, "the beginning of text inside a message", half, masked(opText, text)),
		ends(1002, "binary inside a message", half, masked(fin|opBinary, text)),
		ends(1002, "a reserved opcode inside a message", half, masked(fin|3, "")),
		{name: "continuation after a message", parts: []part{
			{append(slices.Clone(half), rest...), []string{"message " + text}},
			{rest, []string{"close 1002", "end"}},
		}},
		accepted("two fragments", append(slices.Clone(half), rest...), text),
		accepted("two messages at once", append(slices.Clone(end), end...), "end", "end"),
		accepted("fragments of one byte", fragments(strings.Repeat(text, 50), 1), strings.Repeat(text, 50)),
		accepted("empty fragments before, between and after", bytes.Join([][]byte{
			masked(opText, ""), masked(opContinuation, ""), masked(opContinuation, text[:5]),
			masked(opContinuation, ""), masked(opContinuation, text[5:]), masked(fin|opContinuation, ""),
		}, nil), text),
		answers("only empty fragments", bytes.Join([][]byte{
			masked(opText, ""), masked(opContinuation, ""), masked(fin|opContinuation, ""), end,
		}, nil), "error bad_text", "message end"),
		answers("an empty message", append(masked(fin|opText, ""), end...), "error bad_text", "message end"),
		{name: "pings inside a message", parts: []part{
			{append(slices.Clone(half), ping...), []string{"pong in between"}},
			{append(masked(opContinuation, ""), ping...), []string{"pong in between"}},
			{masked(fin|opPong, "unasked"), nil},
			{rest, []string{"message " + text}},
		}},
		accepted("a message of 16 KiB in fragments and spaces",
			fragments(object+strings.Repeat(" ", 16384-len(object)-1)+"}", 16), "end"),
		ends(1009, "one byte more than 16 KiB in fragments", fragments(strings.Repeat("a", 16385), 1000)),
	}
}

// UTF-8 (section 8.1).
func textCases() (all []conformance) {
	const text = "κόσμε, ¥€𐍈 💬 \u00ff\u0800\ud7ff\ue000\ufffd\U00010000"
	var splits []byte
	var texts []string
	for i := range len(text) + 1 {
		splits = append(append(splits, masked(opText, text[:i])...), masked(fin|opContinuation, text[i:])...)
		texts = append(texts, text)
	}
	all = append(all, accepted("split at every byte", splits, texts...),
		accepted("in fragments of one byte", fragments(text, 1), text))
	for name, bad := range map[string]string{
		"a lone continuation byte":          "\x80",
		"a lone last continuation byte":     "\xbf",
		"two continuation bytes":            "\x80\xbf",
		"two bytes, the last one missing":   "\xc3",
		"three bytes, the last one missing": "\xe2\x82",
		"four bytes, the last one missing":  "\xf0\x9f\x92",
		"five bytes":                        "\xf8\x88\x80\x80\x80",
		"six bytes":                         "\xfc\x84\x80\x80\x80\x80",
		"fe":                                "\xfe",
		"ff":                                "\xff",
		"an overlong slash":                 "\xc0\xaf",
		"an overlong NUL":                   "\xe0\x80\x80",
		"an overlong in four bytes":         "\xf0\x8f\xbf\xbf",
		"the first surrogate":               "\xed\xa0\x80",
		"the last surrogate":                "\xed\xbf\xbf",
		"a pair of surrogates":              "\xed\xa0\x80\xed\xb0\x80",
		"above U+10FFFF":                    "\xf4\x90\x80\x80",
	} {
		all = append(all,
			ends(1007, name, masked(fin|opText, "κόσμε"+bad+"κόσμε")),
			ends(1007, name+" at the end", masked(fin|opText, "κόσμε"+bad)),
			ends(1007, name+" in fragments of one byte", fragments("κόσμε"+bad+"κ", 1)),
			ends(1007, name+" in an object", masked(fin|opText, `{"type":"message","text":"`+bad+`"}`)))
	}
	return all
}
