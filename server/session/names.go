package session

import (
	"context"
	"maps"
	"slices"
	"time"

	"livechat/server/chat"
)

// Whether a name is an account's is asked when a guest comes. It can become one while the guest is here, and while Redis is away guests get in under
// any name, as readers. So they are looked at again: those readers as soon as names can be asked for, all some time after a name has come, and now and then.

// lookEvery is how often guests are looked at although no name has come.
const lookEvery = time.Minute

// nameWatch is what is known of the names that are not for guests. It is RunUsers' own.
type nameWatch struct {
	count   int64     // of names, when they were counted last
	waiting bool      // due was set because of a name
	due     time.Time // when guests are looked at next
}

// checkNames looks at the guests' names, if it is time to.
func (s *Server) checkNames(ctx context.Context, w *nameWatch) {
	if !s.hasNamed() {
		return
	}
	count, err := s.opts.Users.CountNames(ctx)
	if err != nil {
		s.opts.Logger.Debug("cannot count the names that are taken", "error", err) // the bus says that Redis is away
		return
	}
	now := time.Now()
	if count != w.count && !w.waiting {
		w.waiting, w.due = true, now.Add(s.opts.Users.Settle)
	}
	w.count = count
	if now.Before(w.due) {
		return
	}
	reserved, err := s.opts.Users.ReservedOf(ctx, s.guestNames())
	if err != nil {
		s.opts.Logger.Debug("cannot ask whether guests' names are taken", "error", err)
		return
	}
	w.waiting, w.due = false, now.Add(lookEvery)
	s.closeGuests(reserved)
}

// errUnproven answers a guest whose name cannot be asked for.
var errUnproven = &chat.Error{
	Code: chat.CodeUnavailable, Message: "it cannot be said right now whether your name is taken; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// checkUnproven asks for the names that could not be asked for when their guests came. Until that succeeds they do not speak.
func (s *Server) checkUnproven(ctx context.Context) {
	s.mu.Lock()
	guests := make(map[*conn]string, s.unproven)
	for c := range s.conns {
		if s.unproven == 0 {
			break
		}
		if c.unproven.Load() {
			guests[c] = c.name
		}
	}
	s.mu.Unlock()
	if len(guests) == 0 {
		return
	}
	reserved, err := s.opts.Users.ReservedOf(ctx, slices.Compact(slices.Sorted(maps.Values(guests))))
	if err != nil {
		s.opts.Logger.Debug("cannot ask whether guests' names are taken", "error", err)
		return
	}
	slices.Sort(reserved)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, name := range guests {
		if _, is := slices.BinarySearch(reserved, name); is {
			s.refuseName(c)
			continue // it stays silent to its end
		}
		if _, here := s.conns[c]; here && c.unproven.Swap(false) {
			s.unproven--
		}
	}
}

// hasNamed says whether there are guests who gave their names. Those that were made up here are nobody's.
func (s *Server) hasNamed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named > 0
}

// guestNames returns the names that guests gave, each once.
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
			if !c.unproven.Swap(true) { // it says nothing more
				s.unproven++
			}
			s.refuseName(c)
		}
	}
}
