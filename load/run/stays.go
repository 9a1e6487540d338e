package run

import "slices"

// stay is what a client has received of a log.
type stay struct {
	span
	without []span
}

// leave ends the stay of the account's client in its log.
func (a *account) leave() {
	if a.log == nil {
		return
	}
	if high := a.high.Load(); high > a.first {
		a.log.stayed(stay{span{a.first + 1, high}, slices.Concat(a.missing, a.skipped)})
	}
	a.log = nil
}

func (l *roomLog) stayed(s stay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stays = append(l.stays, s)
}

// Log is a part of the log of a room as the clients of one process have seen
// it: what each seq from First on stands for, and how many of them received it.
// 0 stands for a seq that none of them received.
type Log struct {
	Room  int
	Epoch string
	First uint64
	What  []uint64
	Had   []int32
}

// logs returns the logs of all rooms. All clients must have left.
func (r *run) logs() (all []Log) {
	for i, room := range r.rooms {
		for epoch, l := range room.logs {
			for _, part := range l.parts() {
				part.Room, part.Epoch = i, epoch
				all = append(all, part)
			}
		}
	}
	return all
}

// parts returns the log, a part for each chunk that has entries.
func (l *roomLog) parts() (all []Log) {
	for index, chunk := range l.places.chunks {
		from, to := chunkSize, -1
		for i := range chunk {
			if chunk[i].Load() != 0 {
				from, to = min(from, i), i
			}
		}
		if to < 0 {
			continue
		}
		part := Log{First: index*chunkSize + uint64(from)}
		for i := from; i <= to; i++ {
			part.What = append(part.What, chunk[i].Load())
		}
		part.Had = l.had(span{part.First, index*chunkSize + uint64(to)})
		all = append(all, part)
	}
	return all
}

// had returns how many clients received each seq of s.
func (l *roomLog) had(s span) []int32 {
	steps := make([]int32, s.size()+1) // from one seq to the next
	add := func(part span, n int32) {
		first, last := max(part.first, s.first), min(part.last, s.last)
		if first <= last {
			steps[first-s.first] += n
			steps[last-s.first+1] -= n
		}
	}
	for _, one := range l.stays {
		add(one.span, 1)
		for _, hole := range one.without {
			add(hole, -1)
		}
	}
	for i := 1; i < len(steps); i++ {
		steps[i] += steps[i-1]
	}
	return steps[:s.size()]
}
