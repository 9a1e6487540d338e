package admin

import (
	"fmt"
	"os"
	"strings"

	"livechat/server/moderation"
)

// readWords reads the file of -words, which has a blocked word, or a regular
// expression, on each line.
func (j *job) readWords() (string, error) {
	if j.blocked == "" {
		return "", nil
	}
	text, err := os.ReadFile(j.blocked)
	if err != nil {
		return "", fmt.Errorf("read the blocked words: %w", err)
	}
	return moderation.Words(strings.Split(string(text), "\n"))
}
