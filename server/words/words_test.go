package words

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"livechat/server/account"
	"livechat/server/chat"
)

func compiled(t testing.TB, patterns ...string) *List {
	t.Helper()
	l, err := Compile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFinds(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"paypal", "send it by paypal", true},
		{"paypal", "PayPal!", true},
		{"PAYPAL", "paypal", true},
		{"paypal", "ρаураl", true}, // Greek and Cyrillic
		{"paypal", "p.a.y.p.a.l", true},
		{"paypal", "pay\u200bpal", true}, // a zero-width space
		{"paypal", "ＰａｙＰａｌ", true},       // full width
		{"paypal", "páypál", true},
		{"paypal", "pay pal", false}, // two words
		{"paypal", "pay\npal", false},
		{"ass", "was small", false},
		{"meme", "mеmе", true}, // the wide letters have two in a skeleton
		{"kill", "k1||", true},
		{"buy now", "BUY nоw", true},
		{"ρаураl", "paypal", true},
		{`\bass\b`, "class", false},
		{`\bass\b`, "you Ass!", true},
		{`\bass\b`, "class ass", true},
		{`\bass\b`, "аss", true},
		{`\bass`, "glass assets", true},
		{`ass\b`, "assets", false},
		{`v[i1]agra`, "V1AGRA", true},
		{`fr(ee|33) money`, "FREE MONEY", true},
		{`fr(ee|33) money`, "frее mоney", true}, // Cyrillic
		{`\d{4}-\d{4}`, "1234-5678", true},
		{`^!+$`, "!!!", true},
		{`^!+$`, "wow!!!", false},
		{"straße", "STRASSE", true},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", true},
		{"💩", "nice 💩", true},
		{"a+b", "aaab", true},
		{`a\+b`, "aaab", false},
		{`c\+\+`, "cab", false},
		{"hell,", "hello", false},
		{`[a-z]+\.example`, "an example", false},
		{`evil\.example`, "еvil.example", true},
	} {
		l := compiled(t, c.pattern)
		if got := l.finds(c.text); got != c.want {
			t.Errorf("%q in %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestVerdict(t *testing.T) {
	var none *List
	if got := none.Verdict("x"); got != "" {
		t.Errorf("of no list: %q", got)
	}
	l := compiled(t, "spam")
	version := chat.WordsVersion([]string{"spam"})
	if got := l.Verdict("ham", "and.txt", ""); got != version {
		t.Errorf("without a hit: %q", got)
	}
	if got := l.Verdict("ham", "spam.txt"); got != chat.WordsHit+version {
		t.Errorf("with a hit: %q", got)
	}
}

func TestClean(t *testing.T) {
	got, err := Clean([]string{" spam ", "", "spam", "eggs"})
	if err != nil || fmt.Sprint(got) != "[spam eggs]" {
		t.Errorf("%q, %v", got, err)
	}
	many := make([]string, MaxPatterns+1)
	for i := range many {
		many[i] = fmt.Sprint("word", i)
	}
	if _, err := Clean(many[1:]); err != nil {
		t.Errorf("%d words: %v", MaxPatterns, err)
	}
	complex := make([]string, 50)
	for i := range complex {
		complex[i] = fmt.Sprintf("(a|b)+%d.*c", i)
	}
	for what, c := range map[string]struct {
		patterns []string
		says     string
	}{
		"too many": {many, "at most 100 blocked words"},
		"too long": {[]string{"ok", strings.Repeat("ä", 101)},
			"blocked word 2 is longer than 200 bytes"},
		"not UTF-8":           {[]string{"\xff"}, "UTF-8"},
		"control characters":  {[]string{"a\nb"}, "control characters"},
		"no expression":       {[]string{"(a"}, "missing closing )"},
		"what RE2 lacks":      {[]string{`(a)\1`}, "invalid escape"},
		"everything":          {[]string{"a*"}, "everything"},
		"everything, a class": {[]string{"[a-z]*"}, "everything"},
		"a huge count":        {[]string{"(a{100}){100}"}, "invalid repeat count"},
		"a large count":       {[]string{"[ab]{900}"}, "too complex"},
		"large together":      {complex, "too complex"},
	} {
		_, err := Clean(c.patterns)
		if err == nil || chat.AsError(err).Code != chat.CodeBadRequest || !strings.Contains(err.Error(),
			c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
	}
}

// The short way to the skeleton of ASCII is the same as the long one.
func TestSkeletonOfASCII(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		word := make([]byte, random.IntN(8))
		for i := range word {
			word[i] = byte('!' + random.IntN('~'-'!'+1))
		}
		if got, want := skeleton(string(word)), account.Skeleton(string(word)); got != want {
			t.Fatalf("%q: %q, want %q", word, got, want)
		}
	}
}

var (
	english  = strings.Repeat("the quick brown fox jumps over a lazy dog, ", 100)
	cyrillic = strings.Repeat("съешь же ещё этих мягких булок, ", 200)
)

// BenchmarkVerdict is the time for one message: 200 bytes of it with 100
// patterns, and the longest one with the worst patterns that are taken.
func BenchmarkVerdict(b *testing.B) {
	words, bounded, mixed := make([]string, 100), make([]string, 100), make([]string, 100)
	for i := range words {
		words[i] = fmt.Sprintf("forbidden%dword", i)
		bounded[i] = fmt.Sprintf(`\bforbidden%dword\b`, i)
		if mixed[i] = words[i]; i%5 == 0 {
			mixed[i] = fmt.Sprintf(`forb[i1]dden%d(word)?s`, i)
		}
	}
	evil := []string{`(x?y?){80}z`} // near the limit
	evilest := []string{`([a-z ,]+[a-z, ]*){60}#`}
	for _, c := range []struct {
		name     string
		patterns []string
		text     string
	}{
		{"words", words, english[:200]},
		{"bounded", bounded, english[:200]},
		{"mixed", mixed, english[:200]},
		{"words-cyrillic", words, cyrillic[:200]},
		{"words-4000", words, english[:4000]},
		{"mixed-4000", mixed, english[:4000]},
		{"cyrillic-4000", words, string([]rune(cyrillic)[:4000])},
		{"evil-4000", evil, strings.Repeat("xy", 2000)},
		{"evilest-4000", evilest, english[:4000]},
	} {
		b.Run(c.name, func(b *testing.B) {
			l := compiled(b, c.patterns...)
			before := processorTime(b)
			for b.Loop() {
				l.Verdict(c.text)
			}
			// On a busy machine that says more than the time on the clock.
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime returns what this process has used, in nanoseconds.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
