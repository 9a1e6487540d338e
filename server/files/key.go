package files

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"livechat/server/chat"
)

// Prefixes of the keys of what is not a file yet.
const (
	incoming = "incoming/"
	parts    = "parts/"
)

// keyOf returns the key of a file's original, for size 0, or of a preview:
// `01/0123…` and `01/0123…-320`.
func keyOf(id string, size int) string {
	if size == 0 {
		return id[:2] + "/" + id
	}
	return id[:2] + "/" + id + "-" + strconv.Itoa(size)
}

// idOf returns the id of the file whose bytes a key has; false if it is not the
// key of a file.
func idOf(key string) (id string, ok bool) {
	dir, name, ok := strings.Cut(key, "/")
	if !ok || len(name) < chat.IDLen || len(dir) != 2 || !strings.HasPrefix(name, dir) {
		return "", false
	}
	id, suffix := name[:chat.IDLen], name[chat.IDLen:]
	if parsed, valid := chat.ParseUUID(id); !valid || parsed != id {
		return "", false
	}
	_, err := strconv.Atoi(strings.TrimPrefix(suffix, "-"))
	return id, suffix == "" || suffix[0] == '-' && err == nil
}

// incomingKey returns the key for one attempt to receive a file.
func incomingKey(id string) string { return incoming + id + "-" + attempt() }

// partKey returns the key for one attempt to receive a piece of an upload.
func partKey(id string, offset int64) string {
	return fmt.Sprintf("%s%s/%012d-%s", parts, id, offset, attempt())
}

// uploadOf returns the upload that a key under parts/ belongs to.
func uploadOf(key string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(key, parts), "/")
	return id
}

// attempt returns a word that no other attempt has.
func attempt() string { return strings.ToLower(rand.Text()[:13]) }
