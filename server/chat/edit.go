package chat

import "github.com/go-json-experiment/json"

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
	return Members{Target: &t}.Extra()
}

// Target returns the message that an entry is about; zero if it is about none.
func (m *Message) Target() Target {
	if m.Extra == "" {
		return Target{}
	}
	var extra struct {
		Target Target `json:"target"`
	}
	if json.Unmarshal([]byte("{"+m.Extra+"}"), &extra) != nil {
		return Target{}
	}
	return extra.Target
}

// content is what tells the entries of one author and id apart: what the
// sender wrote. What the server has added may be another when an entry is sent
// again: the place of a target, the text of the message that a reply answers,
// and who is mentioned because it is here.
func (m *Message) content() string {
	switch m.Type {
	case "":
		more := MembersOf(m.Extra)
		if more.Reply == nil && more.Data == nil && more.Files == nil {
			return m.Text
		}
		var to string
		if more.Reply != nil {
			to = more.Reply.ID
		}
		content := m.Text + "\x00" + to + "\x00" + string(more.Data)
		for _, file := range more.Files { // what the server says of them may change
			content += "\x00" + file.ID
		}
		return content
	case TypeEdit, TypeDelete:
		return m.Type + "\x00" + m.Text + "\x00" + m.Target().ID
	case TypeReactions: // without the counts, which change until it is in the log
		return m.Type + "\x00" + m.Target().ID
	}
	return m.Type + "\x00" + m.Text + "\x00" + m.Extra
}
