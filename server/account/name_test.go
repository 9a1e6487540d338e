package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"livechat/server/chat"
)

// Names that a guest must not use if such an account exists, and names that
// look similar but are allowed.
func TestLookalikesOfAnAccountName(t *testing.T) {
	for _, test := range []struct{ name, alike, other string }{
		{
			"ann",
			"ann Ann ANN a.n.n a_n_n a-n-n a\u00a0nn a\u200dnn ánn ãñń ａｎｎ 𝐚𝓃𝖓 " +
				"ⓐⓝⓝ аnn αnn ᴀɴɴ ΑΝΝ 🅰🅽🅽 🇦🇳🇳 ann✓ ✨ann✨ ann™ ann! (ann) @ann ann. ann\u0301\u0302 “ann”",
			"anne hann an anm amn annn 4nn",
		},
		{"bill", "BILL biii b1ll bIll bi|| bi|l вill ΒΙLL bi！l ᏏiⅬl", "bil billy ball"},
		{"tom", "TOM t0m Тоm тοм torn T-o-r-n τom τοΜ ꓔꓳꓟ", "tim tomm torm"},
		{"vvill", "will W1LL vvi11 шill ѡіll wıll", "vill vvvill"},
		{"paypal", "раураl ρауρаⅼ PAYPA1 páypal pay-pal ꓑꓮꓬꓑꓮꓡ", "paypa papal"},
		{"max", "mах МАХ rnax махˈ", "mas mix"},
		{"leo", "ӏео |eo 1eo ΙΕΟ lɛо Ieο le〇 łéø", "lea lee"},
		{"scope", "ѕсоре ЅСОРЕ", "scop"},
		{"j_kelly", "ϳ-ke||y ЈКЕLLY Ϳkelly jkelIy", "jkely"},
		{"weiss", "weiß WEISS weısſ", "weis"},
		{"nina", "ΝΙΝΑ п1па ո1ոа ɴɪɴᴀ", "mina nin"},
	} {
		want := Skeleton(test.name)
		for alike := range strings.SplitSeq(test.alike, " ") {
			if strings.Contains(alike, "?") || alike == "" { // a character that is set aside
				continue
			}
			if got := Skeleton(alike); got != want {
				t.Errorf("%q does not match %s: skeletons %q and %q", alike, test.name, got, want)
			}
		}
		for other := range strings.SplitSeq(test.other, " ") {
			if Skeleton(other) == want {
				t.Errorf("%q matches %s", other, test.name)
			}
		}
	}
	for _, spaced := range []string{"a n n", " ann ", "ann | ", "| ann |", "ann ✓ 🎉", "ann 💬"} {
		if Skeleton(spaced) != "ann" {
			t.Errorf("%q does not match ann: skeleton %q", spaced, Skeleton(spaced))
		}
	}
}

// Goes through all characters that Unicode calls confusable with a-z and 0-9
// and that a name may contain. None passes for another name than the one that
// it looks like.
func TestUnicodeConfusables(t *testing.T) {
	// Where the table differs from Unicode: β is not ß, ſ is an s, г is read by
	// its shape, and ғ by its stroke.
	own := map[rune]string{'Г': "r", 'Ґ': "r", 'Ғ': "f", 'ғ': "f", 'ſ': "s"}
	looked := 0
	for r, prototype := range confusables(confusablesText) {
		if _, err := chat.CleanName("a" + string(r)); err != nil {
			continue
		}
		looked++
		want := cmp.Or(own[r], Skeleton(prototype))
		if norm.NFKC.String(string(r)) == "β" {
			want = "b"
		}
		if got := Skeleton(string(r)); got != want {
			t.Errorf("the skeleton of %c (%U) is %q, but it looks like %s, which has %q", r, r, got,
				prototype, want)
		}
		if got := Skeleton("bo" + string(r) + "b"); got != "bo"+want+"b" {
			t.Errorf("bo%cb (%U): skeleton %q", r, r, got)
		}
	}
	if looked < 1000 {
		t.Errorf("looked at %d characters", looked)
	}
	for alike, name := range map[string]string{"bⵔb": "bob", "b𐐬b": "bob", "ᗷOᗷ": "bob", "admᛁn": "admin",
		"admꙇn": "admin", "ⱥnn": "ann", "ᶏnn": "ann"} {
		if Skeleton(alike) != Skeleton(name) {
			t.Errorf("%s does not match %s: skeleton %q", alike, name, Skeleton(alike))
		}
	}
}

// Names in other scripts look only like themselves.
func TestNamesInOtherScriptsStayDistinct(t *testing.T) {
	names := strings.Fields("日本語 日本 שלום Жанна Людмила 김철수 김영희 สมชาย สมหญิง محمد أحمد")
	seen := map[string]string{}
	for _, name := range names {
		skeleton := Skeleton(name)
		if before, ok := seen[skeleton]; ok || skeleton == "" {
			t.Errorf("%s and %s have the skeleton %q", name, before, skeleton)
		}
		seen[skeleton] = name
		if _, ok := canonicalName(skeleton); ok {
			t.Errorf("%s looks like the account %s", name, skeleton)
		}
	}
	for _, nothing := range []string{"", "👩‍👩‍👧", "___", "\u0301", "?!", "\xff"} {
		if got := Skeleton(nothing); got != "" {
			t.Errorf("the skeleton of %q is %q", nothing, got)
		}
	}
}

// Checks what Skeleton relies on.
func TestLookalikeTableIsConsistent(t *testing.T) {
	seen := map[rune]string{}
	for as, runes := range lookalikesOf {
		if Skeleton(as) != as {
			t.Errorf("%q is in the table, but its own skeleton is %q", as, Skeleton(as))
		}
		for _, r := range runes {
			if before, ok := seen[r]; ok {
				t.Errorf("%c (%U) stands for %s and for %s", r, r, before, as)
			}
			seen[r] = as
			if norm.NFKD.String(string(r)) != string(r) {
				t.Errorf("%c (%U) is not a result of NFKD", r, r)
			}
			if got := Skeleton(string(r)); got != as {
				t.Errorf("the skeleton of %c (%U) is %q, want %q", r, r, got, as)
			}
		}
	}
}

// Goes through all characters, except the many of East Asia.
func TestSkeletonIsIdempotent(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsGraphic(r) || unicode.In(r, unicode.Han, unicode.Hangul) {
			continue
		}
		if skeleton := Skeleton(string(r)); Skeleton(skeleton) != skeleton {
			t.Errorf("the skeleton of %c (%U) is %q, and the skeleton of that is %q", r, r, skeleton,
				Skeleton(skeleton))
		}
	}
}

func FuzzSkeleton(f *testing.F) {
	for _, s := range []string{"ann", "Жанна", "bi||", "ann™", "ϹΣς", "ﷺ", "adm!n", "ß ŉ İ ı", "\xff", "Ꭰꭰ",
		"Ꮄꮄ", "🇩🇪❶"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		skeleton := Skeleton(s)
		if again := Skeleton(skeleton); again != skeleton {
			t.Errorf("the skeleton of %q is %q, and the skeleton of that is %q", s, skeleton, again)
		}
		if strings.ContainsAny(skeleton, "01imwABCDEFGHIJKLMNOPQRSTUVWXYZ_-. ") {
			t.Errorf("the skeleton of %q is %q", s, skeleton)
		}
		if canonical, ok := canonicalName(s); ok && Skeleton(canonical) != skeleton {
			t.Errorf("%q and %q have different skeletons", s, canonical)
		}
	})
}

func TestReserved(t *testing.T) {
	s, m := quickService(Options{})
	register(t, s, "Tom_Lee")
	for name, want := range map[string]bool{
		"tom_lee": true, "Tom Lee": true, "torn lее": true, "tómleé": true, "tom": false,
		"Tommy Lee": false,
		"admin":     true, "Adm!n": true, "АДМИН": false, "You": true, "уоu": true, "young": false,
		"me": true, "Ме": true, "mee": false,
		"аdmіn": true, "System": true, "deleted": true, "live chat": true, "Admin Ann": false,
		"guest-1a2b": false, "guest": false, "日本語": false, "👩‍👩‍👧": false, "": false,
	} {
		if got, err := s.Reserved(t.Context(), name); err != nil || got != want {
			t.Errorf("Reserved(%q) = %v, %v", name, got, err)
		}
	}
	m.fail(errors.New("no connection"))
	for _, name := range []string{"guest-1a2b", "admin", "👩‍👩‍👧"} { // need no store
		if _, err := s.Reserved(t.Context(), name); err != nil {
			t.Errorf("Reserved(%q), with the store down: %v", name, err)
		}
	}
}

func TestCheckName(t *testing.T) {
	if got, err := CheckName("AZ_Lee-09"); err != nil || got != "az_lee-09" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", "an", "ann lee", "guest-7", "___", strings.Repeat("a", 21)} {
		_, err := CheckName(bad)
		wants(t, bad, err, chat.CodeBadName)
	}
}

// ReservedOf answers as Reserved does for each name.
func TestReservedOf(t *testing.T) {
	names := []string{"Tom Lee", "tommy", "admin", "guest-1a2b", "👩‍👩‍👧", "t0mlee"}
	want := []string{"Tom Lee", "admin", "t0mlee"}
	for i := range 2500 {
		names = append(names, fmt.Sprint("someone ", i))
		if i%500 == 499 {
			names, want = append(names, "TOM-LEE"), append(want, "TOM-LEE")
		}
	}
	taken, asked := Skeleton("tom_lee"), 0
	ask := func(_ context.Context, skeletons []string) ([]bool, error) {
		if asked++; len(skeletons) > 1000 {
			t.Errorf("one call has %d skeletons", len(skeletons))
		}
		has := make([]bool, len(skeletons))
		for i, s := range skeletons {
			has[i] = s == taken
		}
		return has, nil
	}
	got, err := ReservedOf(t.Context(), ask, names)
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) || asked != 3 {
		t.Errorf("got %q, %v after %d calls, want %q after 3", got, err, asked, want)
	}
	if got, err := ReservedOf(t.Context(), ask, nil); got != nil || err != nil || asked != 3 {
		t.Errorf("of no names: %q, %v, after %d calls", got, err, asked)
	}
	failing := func(context.Context, []string) ([]bool, error) { return nil, errors.New("no connection") }
	if _, err := ReservedOf(t.Context(), failing, names); err == nil {
		t.Error("no error from a store that is down")
	}
}

// The list in docs/api.md is the list in the code.
func TestReservedNamesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	must(t, err)
	_, list, _ := strings.Cut(string(text), "Some names are reserved")
	_, list, _ = strings.Cut(list, "They are ")
	list, _, _ = strings.Cut(list, ". ")
	documented := strings.Fields(strings.ReplaceAll(list, "`", ""))
	want := slices.Sorted(slices.Values(systemNames))
	if !slices.Equal(slices.Sorted(slices.Values(documented)), want) {
		t.Errorf("documented are %q, reserved %q", documented, want)
	}
}
