package socket

import (
	"context"
	"maps"
	"slices"
	"time"

	"livechat/server/chat"
)

// A guest's name is checked when it connects. An account may take the name
// later, and while Redis is unavailable guests get in with any name, as
// readers. So guests are checked again: readers as soon as names can be
// checked, all of them some time after an account was created, and every
// lookEvery.

// lookEvery is the interval of checks without a new account.
const lookEvery = time.Minute

// nameWatch is the state of checkNames. Owned by RunUsers.
type nameWatch struct {
	count   int64     // account names at the last count
	waiting bool      // due was set because of a new name
	due     time.Time // of the next check
}

// checkNames checks the guests' names when it is time.
func (s *Server) checkNames(ctx context.Context, w *nameWatch) {
	if !s.hasNamed() {
		return
	}
	count, err := s.opts.Users.CountNames(ctx)
	if err != nil {
		s.opts.Logger.Debug(
			"socket: cannot count account names",
			"error",
			err,
		) // the bus has warned that Redis is down
		return
	}
	now := time.Now()
	if count != w.count && !w.waiting {
		w.waiting, w.due = true, now.Add(s.opts.Users.Grace)
	}
	w.count = count
	if now.Before(w.due) {
		return
	}
	reserved, err := s.opts.Users.ReservedOf(ctx, s.guestNames())
	if err != nil {
		s.opts.Logger.Debug("socket: cannot check guests' names", "error", err)
		return
	}
	w.waiting, w.due = false, now.Add(lookEvery)
	s.closeGuests(reserved)
}

// errUnchecked answers a message of a guest whose name could not be checked.
var errUnchecked = &chat.Error{
	Code:      chat.CodeUnavailable,
	Message:   "it cannot be said right now whether your name is taken; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// recheckUnchecked checks the names that could not be checked at the handshake.
// Until then these guests may only read.
func (s *Server) recheckUnchecked(ctx context.Context) {
	s.mu.Lock()
	guests := make(map[*conn]string, s.unchecked)
	for c := range s.conns {
		if s.unchecked == 0 {
			break
		}
		if c.unchecked.Load() {
			guests[c] = c.name
		}
	}
	s.mu.Unlock()
	if len(guests) == 0 {
		return
	}
	reserved, err := s.opts.Users.ReservedOf(ctx, slices.Compact(slices.Sorted(maps.Values(guests))))
	if err != nil {
		s.opts.Logger.Debug("socket: cannot check guests' names", "error", err)
		return
	}
	slices.Sort(reserved)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, name := range guests {
		if _, is := slices.BinarySearch(reserved, name); is {
			s.refuseName(c)
			continue // it stays read-only until it is closed
		}
		if _, here := s.conns[c]; here && c.unchecked.Swap(false) {
			s.unchecked--
		}
	}
}

// hasNamed reports whether any guest chose its name. Generated names never
// collide with an account's.
func (s *Server) hasNamed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named > 0
}

// guestNames returns the distinct names that guests chose.
func (s *Server) guestNames() (names []string) {
	s.mu.Lock()
	for c := range s.conns {
		if c.named {
			names = append(names, c.name)
		}
	}
	s.mu.Unlock()
	slices.Sort(names)
	return slices.Compact(names)
}

// closeGuests closes the sockets of guests with these names.
func (s *Server) closeGuests(names []string) {
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if !c.named {
			continue
		}
		if _, reserved := slices.BinarySearch(names, c.name); reserved {
			if !c.unchecked.Swap(true) { // read-only from now on
				s.unchecked++
			}
			s.refuseName(c)
		}
	}
}
