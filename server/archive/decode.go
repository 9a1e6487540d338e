package archive

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// payload is a message as the publish script writes it; package wire says more. Fields that a later version adds are passed over.
type payload struct {
	Type    string `json:"type"`
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`
	Session string `json:"session"`
	Author  string `json:"author"`
	Name    string `json:"name"`
	Text    string `json:"text"`
	At      int64  `json:"at"`
	Epoch   string `json:"epoch"`
}

// maxAt is where the year 10000 begins, in Unix milliseconds: no database takes what is behind.
const maxAt = 253402300800000

// decode reads an entry of a room's log. ok is false for anything that the publish script cannot have written. It is strict (no duplicate keys,
// valid UTF-8, nothing behind) and refuses whatever a database might: one message that can never be stored would hold up all others for ever.
func decode(room string, e Entry) (m store.RoomMessage, ok bool) {
	var p payload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return m, false
	}
	if p.Type != "message" || p.Seq == 0 || p.Seq > chat.MaxSeq || !chat.ValidEpoch(p.Epoch) || p.At <= 0 || p.At >= maxAt {
		return m, false
	}
	if e.ID != entryID(int64(p.Seq)) { // its number is its place, or it is a copy of another
		return m, false
	}
	if len(p.ID) != 36 || uuid.Validate(p.ID) != nil || p.Name == "" || p.Text == "" {
		return m, false
	}
	for _, s := range [...]string{p.App, p.Session, p.Author, p.Name, p.Text} {
		if strings.IndexByte(s, 0) >= 0 {
			return m, false
		}
	}
	return store.RoomMessage{
		Room: room, Epoch: p.Epoch, Seq: int64(p.Seq), ID: p.ID, App: p.App, Session: p.Session, Author: p.Author, Name: p.Name, Text: p.Text,
		At: time.UnixMilli(p.At).UTC(),
	}, true
}
