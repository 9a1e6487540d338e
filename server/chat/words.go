package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/go-json-experiment/json"
)

// WordsHit begins what the publish script is told of a text with a blocked word.
// The version of the list follows.
const WordsHit = "!"

// WordsVersion names a list of blocked words: two lists with the same version
// are the same. Empty: there are none.
func WordsVersion(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(patterns, "\n"))) // none has a line break
	return hex.EncodeToString(sum[:8])
}

// WordsText returns blocked words as they are stored; "" if there are none.
func WordsText(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	text, err := json.Marshal(patterns)
	if err != nil {
		return "" // cannot happen: they are valid UTF-8
	}
	return string(text)
}

// WordsOf reads blocked words as WordsText writes them; nil if they are none.
func WordsOf(text string) (patterns []string) {
	if text == "" || json.Unmarshal([]byte(text), &patterns) != nil {
		return nil
	}
	return patterns
}
