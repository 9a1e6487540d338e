package chat

import (
	"strconv"

	"github.com/go-json-experiment/json"
)

// TypeEdit is the type of entries that give a message another text. The newest
// edit of a message counts.
const TypeEdit = "edit"

// Target is the message that an entry is about.
type Target struct {
	Seq uint64 `json:"seq"` // where it was then; a repair of the log may have moved it
	ID  string `json:"id"`
}

// ExtraOf returns the Extra of an entry about a message.
func ExtraOf(t Target) string {
	return `"target":{"seq":` + strconv.FormatUint(t.Seq, 10) + `,"id":"` + t.ID + `"}`
}

// Target returns the message that an entry is about; zero if it is about none.
func (m *Message) Target() Target {
	var extra struct {
		Target Target `json:"target"`
	}
	if json.Unmarshal([]byte("{"+m.Extra+"}"), &extra) != nil {
		return Target{}
	}
	return extra.Target
}

// content is what tells the entries of one author and id apart. The place of a
// target may change before an edit is sent again.
func (m *Message) content() string {
	extra := m.Extra
	if m.Type == TypeEdit {
		extra = m.Target().ID
	}
	return m.Type + "\x00" + m.Text + "\x00" + extra
}
