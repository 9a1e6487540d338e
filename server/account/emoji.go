package account

import (
	"strings"
	"unicode"
)

const (
	joiner     = '\u200d' // joins two emoji to one
	textStyle  = '\ufe0e' // variation selectors: text or picture
	emojiStyle = '\ufe0f'
	blackFlag  = '\U0001f3f4' // begins the flag of a region, whose letters are tags
)

// withoutEmoji replaces each emoji by a letter and removes the characters that
// only modify an emoji (UTS 51: joiners, variation selectors, tags). Where such
// a character belongs to no emoji it stays.
func withoutEmoji(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		before, after := rune(0), rune(0)
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		switch {
		case isPicture(r):
			b.WriteByte('x')
		case (r == emojiStyle || r == textStyle) && takesStyle(before):
		case r == joiner && (isPicture(before) || before == emojiStyle) && isPicture(after):
		case isTag(r) && (before == blackFlag || isTag(before)):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPicture reports whether r is an emoji or a visible part of one: a symbol,
// or a code point that Unicode reserves for emoji.
func isPicture(r rune) bool {
	return unicode.Is(unicode.So, r) || r >= 0x1f000 && r <= 0x1faff || r == '\u2194' || r == '\u2640' ||
		r == '\u2642'
}

// takesStyle reports whether a variation selector may follow r: any visible
// sign except a letter of a script. Digits take one in keycaps (1️⃣).
func takesStyle(r rune) bool {
	return isPicture(r) || unicode.In(r, unicode.Nd, unicode.P, unicode.S) || r == '\u2139'
}

func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe007f }
