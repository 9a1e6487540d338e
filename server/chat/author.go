package chat

import (
	"crypto/sha256"
	"encoding/base64"
)

// The id of a message belongs to its author: a stranger who sends an id again
// that was read in the room has said something else. Author is
//
//   - of an account `@` and its name, which nobody else ever has;
//   - of a guest with a guest key a hash of the key: others can compare it, and
//     cannot come under it;
//   - empty of a guest without one, and of the events in feeds, which no client
//     writes.

// authorBytes is how much of a hash an author is: too much to find another key
// that has it.
const authorBytes = 12

// guestKeyLen is the length of a guest key: 128 bits in hexadecimal.
const guestKeyLen = 32

// AccountAuthor returns the author of what an account says.
func AccountAuthor(name string) string { return "@" + name }

// GuestAuthor returns the author of what the guest with this key says. Code:
// bad_request, if it is no guest key. The error does not show the key.
func GuestAuthor(key string) (string, error) {
	if len(key) != guestKeyLen || !isHex(key) {
		return "", Errorf(CodeBadRequest, "a guest key is %d digits of 0-9 and a-f", guestKeyLen)
	}
	return shortHash("livechat guest " + key), nil
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Key tells a message from all others of its room. Sent again it has the same
// key, and is in the log once.
//
// Without an author nobody knows whose an id is. Then the name and the text are
// part of the key: whoever comes with the same id, name and text says the same
// thing, and gets nobody else's place by it.
func (m *Message) Key() string {
	if m.Author != "" {
		return m.ID + ":" + m.Author
	}
	return m.ID + ":" + shortHash(m.Name+"\x00"+m.Text)
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:authorBytes])
}
