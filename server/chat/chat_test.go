package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPosition(t *testing.T) {
	good := []string{"0123456789abcdef:0", "ffffffffffffffff:9007199254740991", "0000000000000000:12"}
	for _, s := range good {
		p, err := ParsePosition(s)
		if err != nil || p.String() != s {
			t.Errorf("ParsePosition(%q) = %v, %v", s, p, err)
		}
	}
	bad := []string{
		"", ":", ":1", "0123456789abcdef", "0123456789abcdef:", "0123456789ABCDEF:1", "123456789abcdef:1",
		"0123456789abcdef:-1", "0123456789abcdef:+1", "0123456789abcdef:01", "0123456789abcdef:9007199254740992",
		"0123456789abcdef:1:2", "0123456789abcdef: 1", "0123456789abcdeg:1",
		"0123456789abcdef:99999999999999999999999",
	}
	for _, s := range bad {
		if p, err := ParsePosition(s); AsError(err).Code != CodeBadAfter {
			t.Errorf("ParsePosition(%q) = %v, %v, want code %s", s, p, err, CodeBadAfter)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	f.Add("0123456789abcdef:12")
	f.Add("0123456789abcdef:9007199254740992")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err == nil && (p.String() != s || p.Seq > MaxSeq) {
			t.Errorf("ParsePosition(%q) = %v", s, p)
		}
	})
}

func TestCleanName(t *testing.T) {
	good := map[string]string{
		"ann":                        "ann",
		"  ann \u3000 lee\t":         "ann lee",
		"Zoe\u0308":                  "Zoë",
		"Nguyễn Thị":                 "Nguyễn Thị",
		"日本語":                        "日本語",
		"שלום":                       "שלום",
		"👩‍👩‍👧 family":               "👩‍👩‍👧 family",
		"1️⃣":                        "1️⃣",
		"<b>x</b>":                   "<b>x</b>",
		strings.Repeat("ä", MaxName): strings.Repeat("ä", MaxName),
		"x\u0301\u0302":              "x\u0301\u0302",
	}
	for in, want := range good {
		if got, err := CleanName(in); err != nil || got != want {
			t.Errorf("CleanName(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	bad := map[string]string{
		"empty": "", "spaces": " \t\n ", "too long": strings.Repeat("ä", MaxName+1), "NUL": "a\x00b",
		"escape": "a\x1b[31m",
		"C1":     "a\u0085b\u009f", "line separator": "a\u2028b", "line break inside": "a\nb", "tab inside": "a\tb",
		"override": "a\u202eb", "isolate": "a\u2066b", "mark": "a\u200fb",
		"BOM": "\ufeffann", "soft hyphen": "a\u00adb", "zero width space": "a\u200bb",
		"zalgo": "x\u0301\u0302\u0303", "only joiners": "\u200d\u200c",
		"only a mark": "\u0301", "invalid": "a\xffb", "hangul filler": "\u3164", "braille blank": "\u2800",
		"private": "\ue000",
	}
	for what, in := range bad {
		if got, err := CleanName(in); AsError(err).Code != CodeBadName {
			t.Errorf("%s: CleanName(%q) = %q, %v, want code %s", what, in, got, err, CodeBadName)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"ann", "Zoe\u0308", "x\u0301\u0302\u0303", "a\u202eb", "👩‍👩‍👧", " a  b "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := CleanName(s)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || !utf8.ValidString(name) {
			t.Errorf("CleanName(%q) = %q: %d characters", s, name, n)
		}
		if strings.ContainsAny(name,
			"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\r\n\t\x00\x1b") {
			t.Errorf("CleanName(%q) = %q: control or bidi character", s, name)
		}
		if again, err := CleanName(name); err != nil || again != name {
			t.Errorf("CleanName(%q) = %q, but of that %q, %v", s, name, again, err)
		}
	})
}

func TestCleanText(t *testing.T) {
	good := map[string]string{
		"hello":                "hello",
		" kept as typed ":      " kept as typed ",
		"a\r\nb\rc\nd\te":      "a\nb\nc\nd\te",
		"مرحبا \u202b\u202c":   "مرحبا \u202b\u202c",
		"👩‍👩‍👧":                "👩‍👩‍👧",
		"Zoe\u0308":            "Zoe\u0308",
		"\u2028":               "",
		strings.Repeat("ä", 9): strings.Repeat("ä", 9),
	}
	for in, want := range good {
		got, err := CleanText(in, 20)
		if want == "" {
			if AsError(err).Code != CodeBadText {
				t.Errorf("CleanText(%q) = %q, %v", in, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("CleanText(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	bad := map[string]Code{
		"": CodeBadText, " \n\t": CodeBadText, "\u200b\u200d": CodeBadText, "\u3164": CodeBadText,
		"a\x00": CodeBadText, "a\x1bb": CodeBadText, "a\u0085b": CodeBadText, "\xff": CodeBadText,
		strings.Repeat("ä", 21): CodeTooLong,
	}
	for in, want := range bad {
		if got, err := CleanText(in, 20); err == nil || AsError(err).Code != want {
			t.Errorf("CleanText(%q) = %q, %v, want code %s", in, got, err, want)
		}
	}
}

func TestCheckRoom(t *testing.T) {
	for _, s := range []string{"a", "livechat", "room-1", strings.Repeat("x", MaxRoom)} {
		if err := CheckRoom(s); err != nil {
			t.Errorf("CheckRoom(%q) = %v", s, err)
		}
	}
	for _, s := range []string{"", "A", "ä", "a b", "a:b", "a/b", "a_b", "{a}", strings.Repeat("x", MaxRoom+1)} {
		if err := CheckRoom(s); err == nil || AsError(err).Code != CodeBadRoom {
			t.Errorf("CheckRoom(%q) = %v", s, err)
		}
	}
}

func TestAsError(t *testing.T) {
	e := Errorf(CodeTooLong, "at most %d", 3)
	if got := AsError(fmt.Errorf("handle message: %w", e)); got != e {
		t.Errorf("AsError lost the wrapped error: %v", got)
	}
	if got := AsError(errors.New("password=hunter2")); got.Code != CodeInternal ||
		strings.Contains(got.Message, "hunter2") {
		t.Errorf("AsError shows a foreign error: %v", got)
	}
}
