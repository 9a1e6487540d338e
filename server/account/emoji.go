package account

import (
	"strings"
	"unicode"
)

const (
	joiner    = '\u200d' // makes one emoji of two
	textStyle = '\ufe0e' // variation selectors: drawn as a sign, or as a picture
	pictured  = '\ufe0f'
	blackFlag = '\U0001f3f4' // begins the flags of regions, whose letters are tags
)

// withoutEmoji puts a letter in the place of each emoji and leaves out what
// belongs to it: the characters of UTS 51 which mean nothing by themselves
// (joiners, variation selectors, tags). Where they belong to no emoji, they stay.
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
		case (r == pictured || r == textStyle) && takesStyle(before):
		case r == joiner && (isPicture(before) || before == pictured) && isPicture(after):
		case isTag(r) && (before == blackFlag || isTag(before)):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPicture says whether r is an emoji or a part of one that can be seen: a
// symbol, or a place that Unicode keeps for emoji to come.
func isPicture(r rune) bool {
	return unicode.Is(unicode.So, r) || r >= 0x1f000 && r <= 0x1faff || r == '\u2194' || r == '\u2640' || r == '\u2642'
}

// takesStyle says whether a variation selector may follow r: any visible sign but
// a letter of a script, for digits have one in keycaps (1️⃣).
func takesStyle(r rune) bool {
	return isPicture(r) || unicode.In(r, unicode.Nd, unicode.P, unicode.S) || r == '\u2139'
}

func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe007f }
