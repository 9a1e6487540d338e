package account

import (
	_ "embed"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

//go:embed confusables.txt
var confusablesText string

// withConfusables adds to a table of look-alikes those characters that Unicode
// calls confusable with letters a to z and digits. Where both know a character,
// the table's own reading stays. composed has the characters that NFKD takes
// apart, which must be looked up before that: their parts look like nothing here.
func withConfusables(m map[rune]string) (table map[rune]string, composed map[rune]rune) {
	table, composed = m, make(map[rune]rune)
	for r, prototype := range confusables(confusablesText) {
		as := plainSkeleton(prototype, m)
		if _, own := m[r]; own || as == "" || r < 0x80 || r == 'ſ' {
			continue // ſ is read as the s that it is
		}
		if parts := norm.NFKD.String(string(r)); parts == string(r) {
			table[r] = as
		} else if len(as) == 1 && plainSkeleton(parts, m) == "" {
			composed[r] = rune(as[0])
		}
	}
	return table, composed
}

// confusables reads lines of Unicode's confusables.txt: a character and what it
// can be taken for.
func confusables(text string) map[rune]string {
	m := make(map[rune]string, 2048)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Split(line, ";")
		if len(fields) < 2 {
			continue
		}
		if source := codePoints(fields[0]); len(source) == 1 {
			m[source[0]] = string(codePoints(fields[1]))
		}
	}
	return m
}

// codePoints reads hexadecimal numbers that stand apart.
func codePoints(field string) (runes []rune) {
	for hex := range strings.FieldsSeq(field) {
		if n, err := strconv.ParseUint(hex, 16, 21); err == nil {
			runes = append(runes, rune(n))
		}
	}
	return runes
}

// plainSkeleton is the skeleton of s by a table that is not finished yet, or ""
// if that is not made of a to z and digits.
func plainSkeleton(s string, m map[rune]string) string {
	skeleton := skeletonBy(m, s)
	for _, c := range []byte(skeleton) {
		if c >= 0x80 {
			return ""
		}
	}
	return skeleton
}
