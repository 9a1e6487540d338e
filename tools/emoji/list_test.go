package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const sample = `# Version: 15.0
# group: Smileys & Emotion
263A FE0F              ; fully-qualified     # ☺️ E0.6 smiling face
263A                   ; unqualified         # ☺ E0.6 smiling face
# group: People & Body
261D FE0F              ; fully-qualified     # ☝️ E0.6 index pointing up
261D 1F3FB             ; fully-qualified     # ☝🏻 E1.0 index pointing up: light skin tone
261D 1F3FC             ; fully-qualified     # ☝🏼 E1.0 index pointing up: medium-light skin tone
261D 1F3FD             ; fully-qualified     # ☝🏽 E1.0 index pointing up: medium skin tone
261D 1F3FE             ; fully-qualified     # ☝🏾 E1.0 index pointing up: medium-dark skin tone
261D 1F3FF             ; fully-qualified     # ☝🏿 E1.0 index pointing up: dark skin tone
1FAF1 1F3FB 200D 1FAF2 1F3FC ; fully-qualified # 🫱🏻‍🫲🏼 E14.0 handshake: two tones
44                     ; fully-qualified     # D E1.0 a "letter" & more
1F3FB                  ; component           # 🏻 E1.0 light skin tone
`

const sampleWords = `<ldml><annotations>
<annotation cp="☝">finger | index | point up</annotation>
<annotation cp="☝" type="tts">index pointing up</annotation>
</annotations></ldml>`

func TestLists(t *testing.T) {
	l, err := parse(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	words, err := parseWords(strings.NewReader(sampleWords))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(l.forServer())), "\n")
	want := strings.Fields("☺️ ☝️ ☝🏻 ☝🏼 ☝🏽 ☝🏾 ☝🏿 🫱🏻‍🫲🏼 D")
	if !slices.Equal(lines[1:], want) {
		t.Errorf("the server's list is %q, want %q", lines[1:], want)
	}
	var page struct {
		Version string
		Groups  []struct {
			Name  string
			Emoji []string
		}
	}
	if err := json.Unmarshal(l.forPage(words), &page); err != nil {
		t.Fatal(err)
	}
	if page.Version != "15.0" || len(page.Groups) != 2 || page.Groups[0].Name != "Smileys & Emotion" {
		t.Fatalf("the page's list is %+v", page)
	}
	want = []string{"☝️|index pointing up|finger point|☝*", `D|a "letter" & more|`}
	if got := page.Groups[1].Emoji; !slices.Equal(got, want) {
		t.Errorf("the second group is %q, want %q", got, want)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "hello", "# Version: 15.0\n", "# Version: 15.0\n263A ; fully-qualified # ☹ E0.6 another one",
		"# Version: 15.0\n263A ; fully-qualified # ☺", "# Version: 15.0\nxyz ; fully-qualified # x E0.6 x",
	} {
		if l, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("parse(%q) = %v", text, l)
		}
	}
}
