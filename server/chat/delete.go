package chat

import (
	"bytes"
	"strings"
)

// TypeDelete is the type of entries that delete a message, and TypeTombstone
// that of what stands in its place from then on: the entry without its text and
// its own members. The edits of a deleted message become tombstones as well.
const (
	TypeDelete    = "delete"
	TypeTombstone = "tombstone"
)

// ByAuthor is the Extra of a delete by the message's own author.
func ByAuthor(t Target) string { return ExtraOf(t) + `,"by":"author"` }

// ByModerator is the Extra of a delete by somebody who moderates the room. Its
// author is that of the message, its name that of who deletes it.
func ByModerator(t Target) string { return ExtraOf(t) + `,"by":"moderator"` }

// DeletedDigest is DigestOf a tombstone. What it stood for is no longer known,
// so it is the same as any text under its id.
const DeletedDigest = "-"

// SameAuthor reports whether two entries are by the same author. Without an
// author only the connection tells.
func (m *Message) SameAuthor(other *Message) bool {
	if m.Author != "" || other.Author != "" {
		return m.Author == other.Author
	}
	return m.Session == other.Session
}

// Deletes returns the id of the message that m deletes, "" if it deletes none:
// in a feed, of the private message.
func (m *Message) Deletes() string {
	if m.Type == TypeDelete {
		return m.Target().ID
	}
	if e, ok := m.Event(); ok && e.Kind == EventDelete {
		return e.Message
	}
	return ""
}

// MayDelete reports whether the entry of a payload, a body or a frame may be one
// that deletes a message in a feed: not what is in its text, where quotes have
// a backslash.
func MayDelete(entry []byte) bool { return bytes.Contains(entry, []byte(`,"event":"delete",`)) }

// After returns what stands in the place of m once the entry d has deleted a
// message: a tombstone, a reply that does not repeat its text, or in a feed an
// event without it. ok is false if m stays as it is. tombs.lua does the same.
func (m Message) After(d *Message) (_ Message, ok bool) {
	id := d.Deletes()
	if id == "" {
		return m, false
	}
	if d.Type != TypeDelete {
		return m.withoutText(id)
	}
	switch t := m.Target(); {
	case m.Type == "" && m.ID == id && m.isFor(d, m.Seq):
		m.Extra = ""
	case m.Type == TypeEdit && t.ID == id && m.isFor(d, t.Seq):
		m.Extra = ExtraOf(t)
	case m.Type == "":
		m.Extra, ok = ForgetReply(m.Extra, id)
		return m, ok
	default:
		return m, false
	}
	m.Type, m.Text = TypeTombstone, ""
	return m, true
}

// isFor reports whether the delete d may be about m, or an edit of it: a
// message at seq. A moderator may know the message from the archive alone,
// where the name was taken from it. Then the number says which it is.
func (m *Message) isFor(d *Message, seq uint64) bool {
	return m.SameAuthor(d) || d.Author == DeletedAuthor && d.Target().Seq == seq
}

// withoutText returns an event about a private message once that is deleted,
// without its text and files. Its kind and number stay: clients count messages
// by them.
func (m Message) withoutText(id string) (_ Message, ok bool) {
	e, ok := m.Event()
	if !ok || e.Message != id || e.Deleted || e.Kind == EventDelete {
		return m, false
	}
	of := `"message":"` + id + `"`
	m.Text, m.Extra = "", strings.Replace(m.Extra, of, of+`,"deleted":true`, 1)
	// In the JSON of a string there is no quote without a backslash, so these
	// are members.
	files, sent := strings.Index(m.Extra, `,"files":[`), strings.LastIndex(m.Extra, `,"sent":`)
	if files >= 0 && sent > files {
		m.Extra = m.Extra[:files] + m.Extra[sent:]
	}
	return m, true
}

// IsDeletedMessage reports whether m is the tombstone of a message, not that of
// an edit.
func (m *Message) IsDeletedMessage() bool { return m.Type == TypeTombstone && m.Extra == "" }

// About returns the message that an entry is about: the one that it edits,
// deletes or answers; zero if there is none. deleted reports that it answers one
// of which nothing is left.
func (m *Message) About() (t Target, deleted bool) {
	if m.Type != "" || m.Extra == "" {
		return m.Target(), false
	}
	if r := MembersOf(m.Extra).Reply; r != nil {
		return r.Target, r.Text == ""
	}
	return Target{}, false
}
