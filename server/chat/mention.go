package chat

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxMentions is how many names a text can mention, and for how many it is
	// asked whether accounts have them.
	maxMentions = 20
	// maxAts is how many @ of a text are looked at.
	maxAts = 100
)

// mention is an @ in a text and the names that may follow it, the most likely
// first.
type mention struct {
	here  string   // a name that is here; "" if there is none
	names []string // longer ones that an account may have
}

// Mentions returns the names that a text mentions, at most 20, in the order of
// the text. The name after an @ is the longest that somebody here has, or an
// account. here reports whether somebody has a name now. accounts returns which
// of some names in lower case accounts have; it is called at most once, with at
// most 20. Nothing is asked for a text without @.
func Mentions(text string, here func(name string) bool, accounts func(names []string) []string) []string {
	if !strings.Contains(text, "@") {
		return nil
	}
	all := mentionsIn(text, here)
	var asked []string
	for _, m := range all {
		for _, name := range m.names {
			if len(asked) < maxMentions && !slices.Contains(asked, name) {
				asked = append(asked, name)
			}
		}
	}
	if len(asked) > 0 {
		asked = accounts(asked)
	}
	var found []string
	for _, m := range all {
		name := m.here
		for _, longer := range m.names {
			if slices.Contains(asked, longer) {
				name = longer
				break
			}
		}
		if name != "" && len(found) < maxMentions && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// mentionsIn returns the mentions in a text, which is read as names are
// written: in NFC, with one space for a run of them.
func mentionsIn(text string, here func(string) bool) (all []mention) {
	runes := slices.CompactFunc([]rune(norm.NFC.String(text)),
		func(a, b rune) bool { return isSpace(a) && isSpace(b) })
	ats, end := 0, 0
	for i, r := range runes {
		if r != '@' || i < end || i > 0 && inWord(runes[i-1]) {
			continue
		}
		if ats++; ats > maxAts {
			break
		}
		m := mention{}
		rest := runes[i+1:]
		m.here = longestHere(rest, here)
		end = i + 1 + len([]rune(m.here))
		for _, name := range accountsAt(rest) {
			if len(name) > len(m.here) {
				m.names = append(m.names, name)
			}
		}
		if m.here != "" || len(m.names) > 0 {
			all = append(all, m)
		}
	}
	return all
}

// longestHere returns the longest name at the beginning of runes that somebody
// here has, as it is written here or in lower case.
func longestHere(runes []rune, here func(string) bool) string {
	for n := min(len(runes), MaxName); n > 0; n-- {
		if n < len(runes) && inWord(runes[n]) || isSpace(runes[n-1]) {
			continue
		}
		name := strings.Map(func(r rune) rune {
			if isSpace(r) {
				return ' '
			}
			return r
		}, string(runes[:n]))
		if here(name) {
			return name
		}
		if lower := strings.ToLower(name); lower != name && here(lower) {
			return lower
		}
	}
	return ""
}

// accountsAt returns the names at the beginning of runes that an account can
// have, in lower case, the longer one first.
func accountsAt(runes []rune) (names []string) {
	n := 0
	for n < len(runes) && (isASCII(runes[n]) && inWord(runes[n]) || runes[n] == '-' || runes[n] == '_') {
		n++
	}
	if n < len(runes) && inWord(runes[n]) {
		return nil
	}
	whole := strings.ToLower(string(runes[:n]))
	for _, name := range []string{whole, strings.TrimRight(whole, "-_")} {
		if name != "" && len(name) <= MaxName && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// inWord reports whether r belongs to the word before it.
func inWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) || isEmojiTag(r) || r == 0x200C || r == 0x200D
}

func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) }
func isASCII(r rune) bool { return r <= unicode.MaxASCII }
