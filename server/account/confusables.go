package account

import (
	_ "embed"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

//go:embed confusables.txt
var confusablesText string

// withConfusables adds to a table of look-alikes the characters that Unicode
// calls confusable with a-z and digits. The table's own entry wins. composed
// holds characters that NFKD decomposes; they must be looked up before that,
// because their parts look like nothing in the table.
func withConfusables(m map[rune]string) (table map[rune]string, composed map[rune]rune) {
	table, composed = m, make(map[rune]rune)
	for r, prototype := range confusables(confusablesText) {
		as := plainSkeleton(prototype, m)
		if _, own := m[r]; own || as == "" || r < 0x80 || r == 'ſ' {
			continue // ſ is read as an s
		}
		if parts := norm.NFKD.String(string(r)); parts == string(r) {
			table[r] = as
		} else if len(as) == 1 && plainSkeleton(parts, m) == "" {
			composed[r] = rune(as[0])
		}
	}
	return table, composed
}

// confusables parses Unicode's confusables.txt: each character and the string
// that it can be confused with.
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

// codePoints parses hexadecimal numbers separated by spaces.
func codePoints(field string) (runes []rune) {
	for hex := range strings.FieldsSeq(field) {
		if n, err := strconv.ParseUint(hex, 16, 21); err == nil {
			runes = append(runes, rune(n))
		}
	}
	return runes
}

// plainSkeleton returns the skeleton of s by an unfinished table, or "" if that
// is not ASCII.
func plainSkeleton(s string, m map[rune]string) string {
	skeleton := skeletonBy(m, s)
	for _, c := range []byte(skeleton) {
		if c >= 0x80 {
			return ""
		}
	}
	return skeleton
}
