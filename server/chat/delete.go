package chat

// TypeDelete is the type of entries that delete a message, and TypeTombstone
// that of what stands in its place from then on: the entry without its text and
// its own members. The edits of a deleted message become tombstones as well.
const (
	TypeDelete    = "delete"
	TypeTombstone = "tombstone"
)

// ByAuthor is the Extra of a delete by the message's own author.
func ByAuthor(t Target) string { return ExtraOf(t) + `,"by":"author"` }

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

// After returns what stands in the place of m once the entry d has deleted a
// message: a tombstone, or a reply that does not repeat its text. ok is false
// if m stays as it is. tombs.lua does the same.
func (m Message) After(d *Message) (_ Message, ok bool) {
	if d.Type != TypeDelete {
		return m, false
	}
	id := d.Target().ID
	switch t := m.Target(); {
	case m.Type == "" && m.ID == id && m.SameAuthor(d):
		m.Extra = ""
	case m.Type == TypeEdit && t.ID == id && m.SameAuthor(d):
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
