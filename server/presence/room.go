package presence

import (
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// room is who is in one room, and what its clients must be sent. Guarded by
// Presence.mu.
type room struct {
	name string

	// The people online.
	online int            // connections on all servers
	names  map[string]int // connections by name, on all servers
	// the first keys of names, sorted: MaxNames to 2×MaxNames, or all
	first []string
	// those of names that belong to an account. A name that has left stays
	// until clients have been told, in case it only reconnects.
	accounts map[string]struct{}

	// On this server.
	sessions map[string]string // name by session
	own      map[string]int    // connections by name
	// names that the other servers must get again, as accounts
	renewed map[string]struct{}
	opened  time.Time // when the first connection came
	typing  *rate.Limiter

	// The state of the updates to clients.
	touched   map[string]int
	marked    map[string]struct{} // names that became an account's since
	announced int                 // number of connections
	at        time.Time           // when to send the next update; zero: nothing to send
	next      time.Time           // not before
	last      time.Time           // when the last one was sent
	// the newest snapshot, if it is shared, and when it was taken. What has
	// changed since is in touched.
	recent []byte
	taken  time.Time

	// shown reports whether a client was given a snapshot while an update was
	// pending: the snapshot holds changes that the other clients have not got,
	// perhaps a name that has left again. The next update then lists all
	// touched names, even those without a net change.
	shown bool
}

// add records that a name has so many more connections, or less.
func (r *room) add(name string, more int) {
	was := r.names[name]
	r.touch(name, was)
	switch is := was + more; {
	case is <= 0:
		delete(r.names, name)
		r.hide(name)
	default:
		r.names[name] = is
		if was == 0 {
			r.show(name)
		}
	}
}

// show adds a name to the first ones.
func (r *room) show(name string) {
	// Clients see at most the first MaxNames, and inserting into a list of all
	// names would be slow when thousands join at once.
	at, _ := slices.BinarySearch(r.first, name)
	if at == len(r.first) && len(r.first) < len(r.names)-1 {
		return // sorts after the listed names
	}
	r.first = slices.Insert(r.first, at, name)
	if len(r.first) > 2*MaxNames {
		r.first = slices.Delete(r.first, 2*MaxNames, len(r.first))
	}
}

// hide removes a name from the first ones.
func (r *room) hide(name string) {
	at, ok := slices.BinarySearch(r.first, name)
	if !ok {
		return
	}
	r.first = slices.Delete(r.first, at, at+1)
	if len(r.first) < MaxNames && len(r.first) < len(r.names) {
		r.first = slices.Sorted(maps.Keys(r.names))
		r.first = slices.Clone(r.first[:min(len(r.first), 2*MaxNames)])
	}
}

// mark records that a name, which is here or about to be added, belongs to an
// account. It reports whether that is new.
func (r *room) mark(name string) bool {
	if _, ok := r.accounts[name]; ok {
		return false
	}
	r.accounts[name], r.marked[name] = struct{}{}, struct{}{}
	r.touch(name, r.names[name])
	return true
}

// accountsIn returns which of the names belong to accounts, in their order.
func (r *room) accountsIn(names []string) (some []string) {
	if len(r.accounts) == 0 {
		return nil
	}
	for _, name := range names {
		if _, ok := r.accounts[name]; ok {
			some = append(some, name)
		}
	}
	return some
}

// several returns the number of connections of those of the names that have more
// than one.
func several(names []string, connections map[string]int) (some map[string]int) {
	for _, name := range names {
		if n := connections[name]; n > 1 {
			if some == nil {
				some = make(map[string]int)
			}
			some[name] = n
		}
	}
	return some
}

func (r *room) touch(name string, was int) {
	if _, ok := r.touched[name]; !ok {
		r.touched[name] = was
	}
}

func (r *room) snapshot() Update {
	names := slices.Clone(r.first[:min(len(r.first), MaxNames)])
	return Update{
		Online: r.online, Names: names, Accounts: r.accountsIn(names), Connections: several(names, r.names),
	}
}

// takeUpdate returns the pending update, if there is one, and marks it as sent.
func (r *room) takeUpdate() (u Update, ok bool) {
	u.Online = r.online
	for name, was := range r.touched {
		is := r.names[name]
		_, marked := r.marked[name]
		switch {
		case is > 0 && (is != was || r.shown || marked):
			u.Joined = append(u.Joined, name)
		case is == 0 && (was > 0 || r.shown):
			u.Left = append(u.Left, name)
		}
	}
	slices.Sort(u.Joined)
	slices.Sort(u.Left)
	u.Accounts, u.Connections = r.accountsIn(u.Joined), several(u.Joined, r.names)
	ok = r.shown || r.online != r.announced || len(u.Joined) > 0 || len(u.Left) > 0
	if len(u.Joined)+len(u.Left) > MaxNames {
		u = r.snapshot() // shorter, and as much as a user can read
	}
	for name := range r.touched {
		if r.names[name] == 0 {
			delete(r.accounts, name)
		}
	}
	clear(r.touched)
	clear(r.marked)
	r.announced, r.shown, r.at, r.recent = r.online, false, time.Time{}, nil
	return u, ok
}

// empty reports whether the room can be forgotten.
func (r *room) empty() bool {
	return r.online == 0 && len(r.names) == 0 && len(r.sessions) == 0 && r.at.IsZero()
}
