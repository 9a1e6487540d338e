package presence

import (
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// room is who is in one room, and what its people still have to be told. Everything is guarded by Presence.mu.
type room struct {
	name string

	// Who is here.
	online int            // connections on all servers
	names  map[string]int // on how many servers a name is
	first  []string       // the first keys of names, in order: MaxNames to 2×MaxNames of them, or all

	// Of this server.
	sessions map[string]string // name by session
	own      map[string]int    // connections by name
	opened   time.Time         // when the first of them came
	typing   *rate.Limiter

	// What has been told.
	touched map[string]bool // names that came or went since: whether they were here
	told    int             // the number of connections
	at      time.Time       // when to tell next; zero: there is nothing to tell
	next    time.Time       // not before

	// shown says that somebody was given a snapshot since the last time, while something had changed: it holds what the others
	// have not been told, perhaps a name that came and went again. All that was touched is told then, be it what they were told before.
	shown bool
}

// add says that a name is on one server more.
func (r *room) add(name string) {
	if r.names[name]++; r.names[name] > 1 {
		return
	}
	r.touch(name, false)
	// Nobody is shown more than the first MaxNames, and a list of all would be moved about with each of many who come at once.
	at, _ := slices.BinarySearch(r.first, name)
	if at == len(r.first) && len(r.first) < len(r.names)-1 {
		return // behind names that are not in the list
	}
	r.first = slices.Insert(r.first, at, name)
	if len(r.first) > 2*MaxNames {
		r.first = slices.Delete(r.first, 2*MaxNames, len(r.first))
	}
}

// remove says that a name is on one server less.
func (r *room) remove(name string) {
	if r.names[name]--; r.names[name] > 0 {
		return
	}
	delete(r.names, name)
	r.touch(name, true)
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

func (r *room) touch(name string, was bool) {
	if _, ok := r.touched[name]; !ok {
		r.touched[name] = was
	}
}

func (r *room) snapshot() Update {
	return Update{Online: r.online, Names: slices.Clone(r.first[:min(len(r.first), MaxNames)])}
}

// tell returns what the people of the room have to be told, if anything, and takes it as told.
func (r *room) tell() (u Update, ok bool) {
	u.Online = r.online
	for name, was := range r.touched {
		switch is := r.names[name] > 0; {
		case is && (!was || r.shown):
			u.Joined = append(u.Joined, name)
		case !is && (was || r.shown):
			u.Left = append(u.Left, name)
		}
	}
	slices.Sort(u.Joined)
	slices.Sort(u.Left)
	ok = r.shown || r.online != r.told || len(u.Joined) > 0 || len(u.Left) > 0
	if len(u.Joined)+len(u.Left) > MaxNames {
		u = r.snapshot() // shorter, and shows as much as one can look at
	}
	clear(r.touched)
	r.told, r.shown, r.at = r.online, false, time.Time{}
	return u, ok
}

// empty says that nothing would be lost with the room.
func (r *room) empty() bool {
	return r.online == 0 && len(r.names) == 0 && len(r.sessions) == 0 && r.at.IsZero()
}
