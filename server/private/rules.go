package private

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

var (
	errUnknownUser = chat.Errorf(chat.CodeUnknownUser, "there is no account of that name")
	errNoChat      = chat.Errorf(chat.CodeNotFound, "you have no such chat") // the same whether it does not exist or is other people's
	errBadCursor   = chat.Errorf(chat.CodeBadRequest, "cursor must be one that a page before it gave")
	errDeleted     = chat.Errorf(chat.CodeAccountDeleted, "the other account is deleted: nobody would read this")
	errConflict    = chat.Errorf(chat.CodeIDConflict, "this id is already that of another message")
)

// translate makes of an error of the store one that its receiver may see, where there is one.
func translate(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return errNoChat
	case errors.Is(err, store.ErrConflict):
		return errConflict
	case errors.Is(err, store.ErrGone):
		return errDeleted
	}
	return fmt.Errorf("%s: %w", what, err)
}

func pageSize(limit int) (int, error) {
	if limit < 0 || limit > MaxPage {
		return 0, chat.Errorf(chat.CodeBadRequest, "limit is 1 to %d", MaxPage)
	}
	if limit == 0 {
		limit = defaultPage
	}
	return limit, nil
}

// parseUUID reads a UUID in its usual form. uuid.Parse alone takes others too, which would be other ids to whoever compares strings.
func parseUUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	id, err := uuid.Parse(s)
	return id.String(), err == nil
}

// parseChat reads the id of a chat. What is none is not asked for: a database may refuse to compare it.
func parseChat(s string) (string, error) {
	id, ok := parseUUID(s)
	if !ok {
		return "", errNoChat
	}
	return id, nil
}

// messageID reads the id that a client gave its message, or draws one.
func messageID(s string) (string, error) {
	if s == "" {
		return uuid.NewString(), nil
	}
	id, ok := parseUUID(s)
	if !ok {
		return "", chat.Errorf(chat.CodeBadRequest, "id must be a UUID such as 123e4567-e89b-42d3-a456-426614174000")
	}
	return id, nil
}

// A cursor is the place of a chat in the list: 8 bytes of Unix milliseconds and the 16 of its id, as base64url. Clients are to take it as it is.
const cursorLen = 8 + 16

var (
	cursorText = base64.RawURLEncoding.Strict()
	maxTime    = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli() // what every database can still read
)

func formatCursor(c store.ChatCursor) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, cursorLen), uint64(c.Updated.UnixMilli()))
	id := uuid.MustParse(c.ID) // the store's own
	return cursorText.EncodeToString(append(b, id[:]...))
}

// parseCursor reads what formatCursor wrote, and nothing else; nil for the empty cursor.
func parseCursor(s string) (*store.ChatCursor, error) {
	if s == "" {
		return nil, nil
	}
	if len(s) != cursorText.EncodedLen(cursorLen) {
		return nil, errBadCursor
	}
	var b [cursorLen]byte
	if n, err := cursorText.Decode(b[:], []byte(s)); err != nil || n != cursorLen { // n: line breaks in it are skipped
		return nil, errBadCursor
	}
	ms := binary.BigEndian.Uint64(b[:8])
	if ms > uint64(maxTime) {
		return nil, errBadCursor
	}
	return &store.ChatCursor{Updated: time.UnixMilli(int64(ms)).UTC(), ID: uuid.UUID(b[8:]).String()}, nil
}
