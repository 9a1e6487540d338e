package fanout

import "livechat/server/room"

// inbox holds requests to a shard.
type inbox struct {
	attach              []attachment
	flush, back, detach []*Client
	dirty               []*group
}

func (in *inbox) clear() {
	for _, list := range [...]*[]*Client{&in.flush, &in.back, &in.detach} {
		clear(*list)
		*list = (*list)[:0]
	}
	clear(in.attach)
	clear(in.dirty)
	in.attach, in.dirty = in.attach[:0], in.dirty[:0]
}

// post adds a request and wakes the shard. It waits only for other posts.
func (s *shard) post(put func(*inbox)) {
	s.mu.Lock()
	put(&s.in)
	s.mu.Unlock()
	s.signal()
}

func (s *shard) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// drainWake takes back the wake signal, if there is one.
func (s *shard) drainWake() {
	select {
	case <-s.wake:
	default:
	}
}

func (s *shard) wakeRoom(r *room.Room) {
	v, ok := s.groups.Load(r)
	if !ok {
		return
	}
	g := v.(*group)
	if g.dirty.Swap(true) {
		return // it is in the inbox already
	}
	s.mu.Lock()
	s.in.dirty = append(s.in.dirty, g)
	s.mu.Unlock()
	s.signal()
}
