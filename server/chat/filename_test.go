package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanFileName(t *testing.T) {
	long := strings.Repeat("é", 300)
	for in, want := range map[string]string{
		"photo.jpg":                  "photo.jpg",
		"Résumé 2026.pdf":            "Résumé 2026.pdf",
		"Re\u0301sume\u0301.pdf":     "Résumé.pdf",
		"名前.txt":                     "名前.txt",
		"👩\u200d👩\u200d👧.png":        "👩\u200d👩\u200d👧.png",
		"../../etc/passwd":           "passwd",
		`C:\Users\ann\a.txt`:         "a.txt",
		"a/b/":                       "file",
		"":                           "file",
		"...":                        "file",
		" . . ":                      "file",
		"\u200b\u2060":               "file",
		".htaccess":                  "htaccess",
		"a\r\nSet-Cookie: x.txt":     "a Set-Cookie_ x.txt",
		"a\x00b\x7f.txt":             "ab.txt",
		"exe\u202egpj.txt":           "exegpj.txt",
		"a\u2066b\u200bc\ufeff.txt":  "abc.txt",
		"\xff\xfe.txt":               "_.txt",
		"a\"b<c>|?*.txt":             "a_b_c____.txt",
		"CON":                        "_CON",
		"nul.tar.gz":                 "_nul.tar.gz",
		"com1.txt":                   "_com1.txt",
		"LPT¹":                       "_LPT¹",
		"console.txt":                "console.txt",
		"com10":                      "com10",
		"report. . .":                "report",
		"a  \u00a0 b.txt":            "a b.txt",
		long + ".jpeg":               long[:2*114] + ".jpeg",
		"a." + long:                  "a." + long[:2*117],
		strings.Repeat("x", 119):     strings.Repeat("x", 119),
		strings.Repeat("x", 5) + ".": "xxxxx",
	} {
		if got := CleanFileName(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCleanFileNameOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nasty := rapid.StringMatching(`[a-zCON1.:/\\ \x{200b}\x{202e}]{0,200}`)
		in := rapid.OneOf(rapid.String(), nasty).Draw(t, "in")
		name := CleanFileName(in)
		switch {
		case name == "", utf8.RuneCountInString(name) > MaxFileName, !utf8.ValidString(name):
			t.Fatalf("%q", name)
		case strings.ContainsAny(name, "/\\\r\n\x00\"<>:|?*"), name[0] == '.', strings.TrimSpace(name) != name:
			t.Fatalf("%q", name)
		case isDevice(name):
			t.Fatalf("%q is a device", name)
		}
		if again := CleanFileName(name); again != name {
			t.Fatalf("cleaned again: %q, %q", name, again)
		}
	})
}
