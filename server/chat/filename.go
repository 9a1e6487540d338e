package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxFileName is the longest name of a file in characters.
const MaxFileName = 120

// maxExtension is the longest ending of a name that is kept when the name is
// cut, with its dot.
const maxExtension = 16

// CleanFileName returns a name under which a file can be shown, and saved on any
// system: the last element of a path, without characters that control, turn or
// hide text, without dots in front, NFC, and at most MaxFileName characters,
// with its ending. It is never empty.
func CleanFileName(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "_"))
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Zs, r):
			return ' '
		case strings.ContainsRune(`<>:"|?*`, r): // Windows refuses these
			return '_'
		case r == 0x200D: // joins emoji
			return r
		case !nameRune(r), isEmojiTag(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimRight(strings.TrimLeft(s, ". "), ". ") // Windows drops those at the end
	if strings.IndexFunc(s, visibleRune) < 0 {
		return "file"
	}
	if s = cutFileName(s); isDevice(s) {
		s = "_" + s
	}
	return s
}

// cutFileName cuts a long name before its ending.
func cutFileName(s string) string {
	const room = MaxFileName - 1 // for what isDevice asks for
	if utf8.RuneCountInString(s) <= room {
		return s
	}
	ending := ""
	if i := strings.LastIndexByte(s, '.'); i > 0 && utf8.RuneCountInString(s[i:]) <= maxExtension {
		s, ending = s[:i], s[i:]
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:min(len(runes), room-utf8.RuneCountInString(ending))]), ". ") + ending
}

// isDevice reports whether a name means a device on Windows, whatever its
// ending.
func isDevice(s string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, digit := strings.CutPrefix(base, "COM")
	if !digit {
		port, digit = strings.CutPrefix(base, "LPT")
	}
	return digit && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}
