package chat

import (
	"strings"
	"testing"
)

func TestCleanAlt(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " \n": "", "a cat": "a cat", "  a\r\n\tcat ": "a cat", "ä 😀": "ä 😀",
		strings.Repeat("ä", MaxAlt): strings.Repeat("ä", MaxAlt),
	} {
		if got, err := CleanAlt(in); got != want || err != nil {
			t.Errorf("CleanAlt(%.20q) = %.20q, %v, want %.20q", in, got, err, want)
		}
	}
	for in, code := range map[string]Code{
		"\xff": CodeBadText, "a\x00b": CodeBadText, "\x1b[1m": CodeBadText,
		strings.Repeat("ä", MaxAlt+1): CodeTooLong,
	} {
		if got, err := CleanAlt(in); err == nil || AsError(err).Code != code {
			t.Errorf("CleanAlt(%.20q) = %.20q, %v, want %s", in, got, err, code)
		}
	}
}
