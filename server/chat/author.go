package chat

import (
	"crypto/sha256"
	"encoding/base64"
)

// A message id belongs to its author. Another client that sends an id it has
// seen in the room sends a different message. The author is
//
//   - for an account: "@" and its name, which no one else can have;
//   - for a guest with a guest key: a hash of the key, which others can compare
//     but not use;
//   - empty for a guest without a key, and for the events in feeds, which no
//     client writes.

// AuthorBytes is how many bytes of the hash of a guest's key are used, in
// base64url without padding: enough that finding another key with the same hash
// is infeasible.
const AuthorBytes = 12

// guestKeyLen is the length of a guest key: 128 bits in hexadecimal.
const guestKeyLen = 32

// AccountAuthor returns the author of messages that an account sends.
func AccountAuthor(name string) string { return "@" + name }

// DeletedAuthor is the author of archived messages from which the name of a
// deleted account, or of a guest, was taken. Nobody can have it.
const DeletedAuthor = "@"

// GuestAuthor returns the author of messages that the guest with this key
// sends. The error, with code bad_request, means that this is not a guest key;
// it does not contain the key.
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

// Key identifies an entry in its room. The same one sent again has the same
// key, and is in the log once.
//
// Without an author it is unknown who owns an id. Then the name and the content
// are part of the key: a client that sends the same id, name and text sends the
// same message, and cannot take the place of another one.
func (m *Message) Key() string {
	if m.Author != "" {
		return m.ID + ":" + m.Author
	}
	return m.ID + ":" + shortHash(m.Name+"\x00"+m.content())
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:AuthorBytes])
}
