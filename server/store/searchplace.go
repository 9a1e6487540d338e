package store

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
)

// ErrBadCursor means that a cursor is not one that this database gave.
var ErrBadCursor = errors.New("not a cursor")

// maxSearchCursor is the maximum length of a cursor in bytes.
const maxSearchCursor = 512

// hit is a search result and its place in the order of SQLite.
type hit struct {
	Found
	row int64
}

// searchKey is the place of a message among those of its kind: in time on
// PostgreSQL, in the table on SQLite, whose index is read in that order.
type searchKey struct {
	At    int64  `json:"t,omitempty"`
	ID    string `json:"i,omitempty"` // chat or room
	Epoch string `json:"e,omitempty"`
	N     int64  `json:"n,omitempty"`
	Row   int64  `json:"r,omitempty"`
}

// searchPlace is where a page of results ended, in the chats and in the rooms.
type searchPlace struct {
	Chats searchKey `json:"c,omitzero"`
	Rooms searchKey `json:"r,omitzero"`
}

// newestKey is before all messages.
var newestKey = searchKey{At: math.MaxInt64, Row: math.MaxInt64}

func (s *Store) parseSearchPlace(text string) (p searchPlace, err error) {
	if text != "" {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(text) > maxSearchCursor || json.Unmarshal(raw, &p) != nil {
			return p, ErrBadCursor
		}
	}
	for _, key := range []*searchKey{&p.Chats, &p.Rooms} {
		if *key == (searchKey{}) {
			*key = newestKey
		}
		if storable(key.ID) != key.ID || storable(key.Epoch) != key.Epoch {
			return p, ErrBadCursor
		}
	}
	if p.Chats.ID == "" {
		p.Chats.ID = topID
	}
	if !isID(p.Chats.ID) {
		return p, ErrBadCursor
	}
	return p, nil
}

func (p searchPlace) text() string {
	raw, _ := json.Marshal(p) // of strings and numbers only
	return base64.RawURLEncoding.EncodeToString(raw)
}

// take merges both kinds, the newest first, up to limit, and moves the place
// past those it returns.
func (p *searchPlace) take(chats, rooms []hit, limit int) (found []Found, isLast bool) {
	for len(found) < limit && len(chats)+len(rooms) > 0 {
		from, key := &rooms, &p.Rooms
		if len(rooms) == 0 || len(chats) > 0 && !chats[0].At.Before(rooms[0].At) {
			from, key = &chats, &p.Chats
		}
		h := (*from)[0]
		*from = (*from)[1:]
		*key = h.key()
		found = append(found, h.Found)
	}
	return found, len(chats)+len(rooms) == 0
}

func (h hit) key() searchKey {
	k := searchKey{At: h.At.UnixMilli(), ID: h.Chat, N: h.N, Row: h.row}
	if h.Chat == "" {
		k.ID, k.Epoch, k.N = h.Room, h.Epoch, h.Seq
	}
	return k
}
