package chat

import (
	_ "embed"
	"strings"
	"sync"
)

// emojiList is made by tools/emoji: a line that says where it is from, then an
// emoji a line.
//
//go:embed emoji.txt
var emojiList string

var allEmoji = sync.OnceValue(func() map[string]struct{} {
	_, list, _ := strings.Cut(emojiList, "\n")
	all := map[string]struct{}{}
	for emoji := range strings.Lines(list) {
		all[strings.TrimSuffix(emoji, "\n")] = struct{}{}
	}
	return all
})

// IsEmoji reports whether s is exactly one emoji that Unicode recommends for
// general interchange, fully qualified: with all its presentation selectors.
// Other spellings are refused, so that strings that look the same are the same.
func IsEmoji(s string) bool {
	_, ok := allEmoji()[s]
	return ok
}
