package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanAlt returns what a picture shows in the form in which it is stored: on
// one line, trimmed. It may be empty. The error, a *Error with code bad_text or
// too_long, says what is wrong.
func CleanAlt(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", Errorf(CodeBadText, "the alt of a file must be valid UTF-8")
	}
	s = strings.Join(strings.Fields(s), " ") // line breaks and tabs are spaces
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return "", Errorf(CodeBadText, "the alt of a file must not contain control characters")
	}
	if len(s) > MaxAlt && utf8.RuneCountInString(s) > MaxAlt {
		return "", Errorf(CodeTooLong, "the alt of a file has at most %d characters", MaxAlt)
	}
	return s, nil
}
