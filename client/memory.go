package client

import "hash/maphash"

// remembered is how many of the newest messages a session can tell from others when their log is replaced. Servers put no more than their rings
// hold into the new one, 4096 entries by default.
const remembered = 4096

// memory is what a session knows of the messages that it has handed out: a log that was replaced may have some of them again, at other places. It grows
// with them, up to 8 bytes for each of those that it remembers.
//
// The same message has the same id, author, name and text. An id alone says
// nothing: somebody else may have sent it again with another text, which is to
// be handed out as well.
type memory struct {
	seed   maphash.Seed
	hashes []uint64 // of the newest ones, a ring once it is full
	next   int
	old    map[uint64]struct{} // what hashes was when the log was replaced
}

// add takes note of a message that has been handed out. One without an id, as under Options.Skim, is not remembered.
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

// turn says that another log begins.
func (m *memory) turn() {
	m.old = make(map[uint64]struct{}, len(m.hashes))
	for _, hash := range m.hashes {
		m.old[hash] = struct{}{}
	}
}

// has reports whether the message was handed out from an older log.
func (m *memory) has(message *Message) bool {
	if len(m.old) == 0 || message.ID == "" {
		return false
	}
	_, ok := m.old[m.hash(message)]
	return ok
}
