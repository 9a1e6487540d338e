package chat

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Members are the members that messages and edits have after their text.
type Members struct {
	Target   *Target        `json:"target,omitzero"`   // of an edit: the message
	Reply    *Reply         `json:"reply,omitzero"`    // of a message: the one that it answers
	Files    []File         `json:"files,omitzero"`    // of a message
	Mentions []string       `json:"mentions,omitzero"` // names that the text mentions
	Data     jsontext.Value `json:"data,omitzero"`     // the sender's own object
}

// Reply is the message that another one answers, as it was then.
type Reply struct {
	Target
	Name string `json:"name"`
	Text string `json:"text"` // its beginning; "" once it is deleted
}

// MaxData is the longest Data in bytes, without white space.
const MaxData = 1024

// maxQuote is how many characters of a message a reply has.
const maxQuote = 120

// ReplyTo returns the reply to a message. One that has files and no text is
// quoted by what its first picture shows, or by the name of its first file.
func ReplyTo(m *Message) *Reply {
	text := strings.TrimSpace(m.Text)
	if text == "" {
		if files := MembersOf(m.Extra).Files; len(files) > 0 {
			text = cmp.Or(files[0].Alt, files[0].Name)
		}
	}
	if utf8.RuneCountInString(text) > maxQuote {
		text = strings.TrimSpace(string([]rune(text)[:maxQuote-1])) + "…"
	}
	return &Reply{Target: Target{Seq: m.Seq, ID: m.ID}, Name: m.Name, Text: text}
}

// Extra returns the members as the Extra of an entry.
func (m Members) Extra() string {
	if m.Target == nil && m.Reply == nil && m.Files == nil && m.Mentions == nil && m.Data == nil {
		return "" // as most messages
	}
	// The only error is invalid UTF-8, which CleanName and CleanText exclude.
	b, _ := json.Marshal(m)
	return string(bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("{")), []byte("}")))
}

// MembersOf returns the members in the Extra of an entry; none if they are not
// as this package writes them.
func MembersOf(extra string) (m Members) {
	if extra == "" || json.Unmarshal([]byte("{"+extra+"}"), &m) != nil {
		return Members{}
	}
	return m
}

// ForgetReply returns the Extra of a reply without what it says of the text of
// a message that was deleted. ok is false if the reply is to another message,
// or says nothing.
func ForgetReply(extra, id string) (without string, ok bool) {
	return changeReply(extra, id, func(r *Reply) (changed bool) {
		changed, r.Text = r.Text != "", ""
		return changed
	})
}

// RenameReply returns the Extra of a reply to a message with another name of
// that message's author. ok is false if the reply is to another message, or has
// this name.
func RenameReply(extra, id, name string) (renamed string, ok bool) {
	return changeReply(extra, id, func(r *Reply) (changed bool) {
		changed, r.Name = r.Name != name, name
		return changed
	})
}

func changeReply(extra, id string, change func(*Reply) (changed bool)) (_ string, ok bool) {
	if !strings.Contains(extra, id) {
		return extra, false
	}
	var all struct {
		Reply *Reply         `json:"reply,omitzero"`
		Rest  jsontext.Value `json:",embed"`
	}
	if json.Unmarshal([]byte("{"+extra+"}"), &all) != nil || all.Reply == nil || all.Reply.ID != id ||
		!change(all.Reply) {
		return extra, false
	}
	b, err := json.Marshal(all)
	if err != nil {
		return extra, false
	}
	return string(b[1 : len(b)-1]), true
}

// UnknownFiles returns files of which only what their sender says is known.
func UnknownFiles(refs []FileRef) (files []File) {
	for _, ref := range refs {
		files = append(files, File{ID: ref.ID, Alt: ref.Alt})
	}
	return files
}

// IsQuestion reports whether m is only sent to ask where it is in the log, as it
// is not to be put there: the message that it answers is deleted, or its files
// are unknown.
func (m *Message) IsQuestion() bool {
	if m.Type != "" || m.Extra == "" {
		return false
	}
	more := MembersOf(m.Extra)
	return more.Reply != nil && more.Reply.Text == "" ||
		slices.ContainsFunc(more.Files, func(f File) bool { return f.Name == "" })
}
