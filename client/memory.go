package client

import "hash/maphash"

// remembered is how many of the newest messages a session recognizes when their
// log is replaced. Servers restore no more than their rings hold, 4096 entries
// by default.
const remembered = 4096

// memory remembers the messages that a session has delivered: a log that was
// replaced may have some of them again, under other numbers. It takes up to 8
// bytes for each.
//
// Messages are the same if id, author, name and text are equal. The id alone is
// not enough: another author may have used it with another text, which has to
// be delivered as well.
type memory struct {
	seed   maphash.Seed
	hashes []uint64 // of the newest messages; a ring once it is full
	next   int
	old    map[uint64]struct{} // hashes at the time when the log was replaced
}

// add remembers a delivered message. One without an id, as under
// LoadOptions.Skim, is not remembered.
func (m *memory) add(message *Message) {
	if message.ID == "" {
		return
	}
	if len(m.hashes) < remembered {
		m.hashes = append(m.hashes, m.hash(message))
		return
	}
	m.hashes[m.next] = m.hash(message)
	m.next = (m.next + 1) % remembered
}

func (m *memory) hash(message *Message) uint64 {
	if m.seed == (maphash.Seed{}) {
		m.seed = maphash.MakeSeed()
	}
	return maphash.Comparable(m.seed, [4]string{message.ID, message.Author, message.Name, message.Text})
}

// changeLog records that another log begins.
func (m *memory) changeLog() {
	m.old = make(map[uint64]struct{}, len(m.hashes))
	for _, hash := range m.hashes {
		m.old[hash] = struct{}{}
	}
}

// has reports whether the message was delivered from an earlier log.
func (m *memory) has(message *Message) bool {
	if len(m.old) == 0 || message.ID == "" {
		return false
	}
	_, ok := m.old[m.hash(message)]
	return ok
}
