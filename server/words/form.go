package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"livechat/server/account"
)

// fold returns a text in a form in which case does not matter.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Fold().String(s) // a Caser must not be shared
}

// skeleton returns the skeletons of the words of a text, with a space between
// them: otherwise two words could have a third between them.
func skeleton(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for rest := s; rest != ""; {
		end := strings.IndexFunc(rest, unicode.IsSpace)
		word, next := rest, ""
		if end >= 0 {
			_, width := utf8.DecodeRuneInString(rest[end:])
			word, next = rest[:end], rest[end+width:]
		}
		addSkeleton(&b, word)
		if end >= 0 {
			b.WriteByte(' ')
		}
		rest = next
	}
	return b.String()
}

// letters are the skeletons of the characters of ASCII.
var letters = func() (all [utf8.RuneSelf]string) {
	for i := range all {
		all[i] = account.Skeleton(string(rune(i)))
	}
	return all
}()

// addSkeleton adds the skeleton of a word.
func addSkeleton(b *strings.Builder, word string) {
	if !isASCII(word) || strings.ContainsAny(word, "!|") { // these depend on what is beside them
		b.WriteString(account.Skeleton(word))
		return
	}
	for i := range len(word) {
		b.WriteString(letters[word[i]])
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
