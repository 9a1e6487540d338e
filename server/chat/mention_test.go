package chat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	present := []string{"ann", "ann lee", "Bob", "zoë", "guest-1a2b",
		"ann-marie x", "日本", "🦊", "O'Neil"}
	known := []string{"carol", "bob", "dave_", "ann-marie"}
	for text, want := range map[string][]string{
		"hello":                      nil,
		"@":                          nil,
		"@ ann":                      nil,
		"@ann":                       {"ann"},
		"hi @ann, @Bob: and @nobody": {"ann", "Bob"},
		"@ann @ann @ann":             {"ann"},
		"@Bob @ann":                  {"Bob", "ann"},
		"@ann lee, look":             {"ann lee"},
		"@ann \u00a0lee":             {"ann lee"},
		"@ann  leek":                 {"ann"},
		"@ann\nlee":                  {"ann"},
		"@anna":                      nil,
		"@ann's and (@Bob)":          {"ann", "Bob"},
		"*@ann* _@Bob_ **@zoë**":     {"ann", "Bob", "zoë"},
		"mail ann@Bob.example":       nil,
		"ä@ann":                      nil,
		"@@ann":                      {"ann"},
		"@ann@Bob":                   {"ann"},
		"@zoe\u0308!":                {"zoë"},
		"@ann\u0308":                 nil,
		"@ANN and @Ann Lee":          {"ann", "ann lee"},
		"@BOB":                       {"bob"},
		"@O'Neil":                    {"O'Neil"},
		"@日本 @🦊":                     {"日本", "🦊"},
		"@日本人":                       nil,
		"@guest-1a2b.":               {"guest-1a2b"},
		"@Carol is an account":       {"carol"},
		"@dave_ and _@carol_":        {"dave_", "carol"},
		"@ann-marie":                 {"ann-marie"},
		"@ann-marie x":               {"ann-marie x"},
		"@ann-louise":                {"ann"},
		"@carolä":                    nil,
	} {
		got := Mentions(text, func(name string) bool { return slices.Contains(present, name) },
			func(names []string) (some []string) {
				for _, name := range names {
					if slices.Contains(known, name) {
						some = append(some, name)
					}
				}
				return some
			})
		if !slices.Equal(got, want) {
			t.Errorf("%q mentions %q, want %q", text, got, want)
		}
	}
}

// Whatever a text has, little is asked.
func TestMentionsAreFew(t *testing.T) {
	for name, word := range map[string]string{
		"others": "@nobody%d ", "no spaces": "@%d@", "one name": "@x ",
		"wide": "@%da b c d e f g h i j k l m n o p q r ",
	} {
		var text strings.Builder
		for i := range 1000 {
			if strings.Contains(word, "%") {
				fmt.Fprintf(&text, word, i)
			} else {
				text.WriteString(word)
			}
		}
		var hereAsked, accountsAsked, calls int
		here := func(string) bool { hereAsked++; return false }
		Mentions(text.String(), here, func(names []string) []string {
			accountsAsked, calls = len(names), calls+1
			return nil
		})
		if hereAsked > 2*maxAts*MaxName || accountsAsked > maxMentions || calls > 1 {
			t.Errorf("%s: asked %d times who is here, and %d times for %d accounts", name, hereAsked, calls,
				accountsAsked)
		}
	}
	all := Mentions(strings.Repeat("@a @b @c @d @e @f @g @h @i @j @k @l @m @n @o @p @q @r @s @t @u @v ", 2),
		func(name string) bool { return len(name) == 1 }, func([]string) []string { return nil })
	if len(all) != maxMentions {
		t.Errorf("%d names are mentioned", len(all))
	}
}
