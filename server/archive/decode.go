package archive

import (
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// maxAt is the start of the year 10000 in Unix milliseconds, which no database
// accepts.
const maxAt = 253402300800000

// decode parses an entry of a room's log, of any type. ok is false for anything
// that the publish script cannot have written. It is strict (no duplicate keys,
// valid UTF-8, no trailing data) and refuses whatever a database might refuse:
// one message that can never be stored would hold up all others.
func decode(room string, e Entry) (m store.RoomMessage, ok bool) {
	p, err := chat.DecodePayload(e.Payload)
	if err != nil {
		return m, false
	}
	if p.Seq == 0 || p.Seq > chat.MaxSeq || !chat.ValidEpoch(p.Epoch) || p.At <= 0 || p.At >= maxAt {
		return m, false
	}
	// its number is its place; otherwise it is a copy of another entry
	if e.ID != entryID(int64(p.Seq)) {
		return m, false
	}
	deleted := p.Type == chat.TypeTombstone
	if _, ok := chat.ParseUUID(p.ID); !ok || p.Type == "" && p.Name == "" || deleted && p.Text != "" {
		return m, false
	}
	if p.Type == "" && p.Text == "" && len(chat.MembersOf(p.Extra).Files) == 0 {
		return m, false
	}
	if deleted { // of which entry its target tells
		if p.Type = ""; p.Extra != "" {
			p.Type = chat.TypeEdit
		}
	}
	for _, s := range [...]string{p.App, p.Session, p.Author, p.Name, p.Text, p.Extra} {
		if strings.IndexByte(s, 0) >= 0 {
			return m, false
		}
	}
	return store.RoomMessage{
		Room: room, Epoch: p.Epoch, Seq: int64(p.Seq), Type: p.Type, ID: p.ID, App: p.App, Session: p.Session,
		Author: p.Author, Name: p.Name, Text: p.Text, Extra: p.Extra,
		At: time.UnixMilli(p.At).UTC(), Deleted: deleted,
	}, true
}
