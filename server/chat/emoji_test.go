package chat

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestIsEmoji(t *testing.T) {
	good := map[string]string{
		"a face": "😀", "a heart": "❤️", "a skin tone": "👍🏽", "a profession": "👩🏿‍🚀",
		"a family": "👨‍👩‍👧‍👦", "two skin tones": "🧑🏻‍🤝‍🧑🏿",
		"a flag": "🇩🇪", "a flag with a joiner": "🏳️‍🌈",
		"a flag of a part": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
		"a keycap":         "1️⃣", "a letter": "🅰️",
		"the last": "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
	}
	for what, s := range good {
		if !IsEmoji(s) {
			t.Errorf("%s is refused: %+q", what, s)
		}
	}
	bad := map[string]string{
		"nothing": "", "a line": "\n", "a digit": "1", "a letter": "a", "text before": "x😀",
		"two": "😀😀", "a space after": "😀 ", "a line after": "😀\n", "two lines": "😀\n😃",
		"no selector": "❤", "too many selectors": "😀\ufe0f", "a selector and a tone": "☝️🏽",
		"a skin tone alone": "🏽", "a car with a tone": "🚗🏽", "half a flag": "🇩", "no country": "🇦🇦",
		"half a family": "👨\u200d", "a joiner": "\u200d", "a text": strings.Repeat("😀", 1000),
		"minimally qualified": "🏳️\u200d⚧", "unqualified": "🏳\u200d🌈",
		"not UTF-8": "\xf0\x9f\x98", "the header of the list": strings.Split(emojiList, "\n")[0],
	}
	for what, s := range bad {
		if IsEmoji(s) {
			t.Errorf("%s is accepted: %+q", what, s)
		}
	}
	if n := len(allEmoji()); n != strings.Count(emojiList, "\n")-1 || n < 3000 {
		t.Errorf("%d emoji are known", n)
	}
}

// The server accepts every emoji that the page offers, in every skin tone.
func TestIsEmojiAcceptsThePickers(t *testing.T) {
	text, err := os.ReadFile("../../static/emoji.json")
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Groups []struct{ Emoji []string }
	}
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	offered := map[string]bool{}
	for _, group := range page.Groups {
		for _, line := range group.Emoji {
			parts := strings.Split(line, "|")
			offered[parts[0]] = true
			if len(parts) < 4 {
				continue
			}
			for _, tone := range "🏻🏼🏽🏾🏿" {
				offered[strings.ReplaceAll(parts[3], "*", string(tone))] = true
			}
		}
	}
	for emoji := range offered {
		if !IsEmoji(emoji) {
			t.Errorf("the page offers %s, %+q", emoji, emoji)
		}
	}
	if left := len(allEmoji()) - len(offered); left < 0 || left > 300 { // those of people of two tones
		t.Errorf("%d emoji are not offered", left)
	}
}
