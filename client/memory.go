package client

import "github.com/google/uuid"

// remembered is how many of the newest messages a session can tell from others when their log is replaced. Servers put no more than their rings
// hold into the new one, 4096 entries by default.
const remembered = 4096

// memory is what a session knows of the messages that it has handed out: a log that was replaced may have some of them again, at other places. It grows
// with them, up to 16 bytes for each of those that it remembers.
type memory struct {
	ids  []uuid.UUID // of the newest ones, a ring once it is full
	next int
	old  map[uuid.UUID]struct{} // what ids was when the log was replaced
}

// add takes note of a message that has been handed out. An id that is no UUID, which no server sends, is not remembered.
func (m *memory) add(id string) {
	u, err := uuid.Parse(id)
	if err != nil {
		return
	}
	if len(m.ids) < remembered {
		m.ids = append(m.ids, u)
		return
	}
	m.ids[m.next] = u
	m.next = (m.next + 1) % remembered
}

// turn says that another log begins.
func (m *memory) turn() {
	m.old = make(map[uuid.UUID]struct{}, len(m.ids))
	for _, id := range m.ids {
		m.old[id] = struct{}{}
	}
}

// has reports whether the message was handed out from an older log.
func (m *memory) has(id string) bool {
	if len(m.old) == 0 {
		return false
	}
	u, err := uuid.Parse(id)
	if err != nil {
		return false
	}
	_, ok := m.old[u]
	return ok
}
