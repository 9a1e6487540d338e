package chat

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The limits of names and rooms. The limit of texts is a setting.
const (
	MaxName  = 32 // characters (code points) after trimming
	MaxRoom  = 32 // bytes
	maxMarks = 2  // combining marks per character: Vietnamese and polytonic Greek need two
)

// CleanName returns the name in the form that everybody sees: trimmed, NFC,
// with runs of spaces folded to one.
func CleanName(s string) (string, error) { return cleanLine(CodeBadName, "a name", s, MaxName) }

// CleanLine returns a line of text that people have typed about something, such
// as "a title", in the form of names. limit is in characters (code points).
func CleanLine(what, s string, limit int) (string, error) {
	return cleanLine(CodeBadRequest, what, s, limit)
}

func cleanLine(code Code, what, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", Errorf(code, "%s must be valid UTF-8", what)
	}
	words := strings.FieldsFunc(strings.TrimSpace(s), func(r rune) bool { return unicode.Is(unicode.Zs, r) })
	s = norm.NFC.String(strings.Join(words, " "))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", Errorf(code, "%s needs at least 1 character", what)
	case n > limit:
		return "", Errorf(code, "%s has at most %d characters", what, limit)
	}
	marks, visible := 0, false
	for _, r := range s {
		if !nameRune(r) {
			return "", Errorf(code, "%s must not contain control or invisible characters", what)
		}
		if !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r) {
			marks, visible = 0, visible || visibleRune(r)
			continue
		}
		if isVariation(r) || isEmojiMark(r) {
			continue // part of an emoji, draws nothing above the line
		}
		if marks++; marks > maxMarks {
			return "", Errorf(code, "%s has at most %d combining marks on a character", what, maxMarks)
		}
	}
	if !visible {
		return "", Errorf(code, "%s needs a visible character", what)
	}
	return s, nil
}

// nameRune reports whether a name may contain r. Format characters (category
// Cf) include the bidi controls, which could turn the text around a name, and
// the zero-width ones, which make two names look the same. Only the joiners of
// emoji and of several scripts are allowed.
func nameRune(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = 0x200C, 0x200D
	if r == zeroWidthJoiner || r == zeroWidthNonJoiner || isEmojiTag(r) {
		return true
	}
	return !unicode.IsControl(r) && !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) &&
		r != utf8.RuneError && !isBlank(r)
}

// isBlank reports letters and symbols that draw nothing. With them a name could
// look empty, or like another one.
func isBlank(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return false
}

func visibleRune(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !isBlank(r) }

func isVariation(r rune) bool { return r >= 0xFE00 && r <= 0xFE0F }
func isEmojiMark(r rune) bool { return r == 0x20E3 } // the keycap of 1️⃣
func isEmojiTag(r rune) bool  { return r >= 0xE0020 && r <= 0xE007F }

// CleanText returns the text in the form in which it is stored. Text is not
// normalized; only the line breaks of Windows and old Macs become "\n". limit
// is in characters (code points).
func CleanText(s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", Errorf(CodeBadText, "a text must be valid UTF-8")
	}
	if strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if strings.IndexFunc(s, visibleRune) < 0 {
		return "", Errorf(CodeBadText, "a text needs at least 1 visible character")
	}
	if len(s) > limit && utf8.RuneCountInString(s) > limit { // bytes first: cheap, usually enough
		return "", Errorf(CodeTooLong, "a text has at most %d characters", limit)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", Errorf(CodeBadText,
				"a text must not contain control characters other than line breaks and tabs")
		}
	}
	return s, nil
}

// CheckRoom returns an error unless s is a valid room name: `[a-z0-9-]{1,32}`.
func CheckRoom(s string) error {
	ok := len(s) >= 1 && len(s) <= MaxRoom
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
	}
	if !ok {
		return Errorf(CodeBadRoom, "a room is 1 to %d characters of a-z, 0-9 and -", MaxRoom)
	}
	return nil
}

// feedPrefix gives feeds names that no room can have.
const feedPrefix = "user:"

// FeedRoom returns the name of the log that is a user's feed.
func FeedRoom(user int64) string { return feedPrefix + strconv.FormatInt(user, 10) }

// FeedUser returns the user whose feed a log is; false if it is a room's.
func FeedUser(room string) (user int64, ok bool) {
	number, ok := strings.CutPrefix(room, feedPrefix)
	if !ok {
		return 0, false
	}
	user, err := strconv.ParseInt(number, 10, 64)
	return user, err == nil
}

// IsFeed reports whether a log is a user's feed.
func IsFeed(room string) bool { return strings.HasPrefix(room, feedPrefix) }
