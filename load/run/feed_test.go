package run

import "testing"

// A client of another server has an account for each publisher, because only
// they number their messages.
func TestFeed(t *testing.T) {
	for _, test := range []struct {
		name         string
		lowerBound   uint64 // said when the client joined
		got          []uint64
		floor2       uint64 // said when it came back; 0: it did not
		got2         []uint64
		said         uint64
		lost, missed int64
		duplicated   int64
	}{
		{name: "all", got: []uint64{1, 2, 3}, said: 3},
		{name: "the first", got: []uint64{2, 3}, said: 3, lost: 1},
		{name: "the last", got: []uint64{1, 2}, said: 4, lost: 2},
		{name: "nothing came", lowerBound: 2, said: 4, lost: 2},
		{name: "what was under way may come", lowerBound: 3, got: []uint64{3, 4}, said: 4},
		{name: "or not", lowerBound: 3, got: []uint64{4}, said: 4},
		{name: "what is said later must", lowerBound: 3, got: []uint64{6}, said: 6, lost: 2},
		{name: "twice", got: []uint64{1, 2, 2, 3}, said: 3, duplicated: 1},
		{name: "missed", got: []uint64{1, 2}, floor2: 5, got2: []uint64{6}, said: 6, missed: 3},
		{name: "missed and lost", got: []uint64{1}, floor2: 5, got2: []uint64{7}, said: 7, missed: 4, lost: 1},
		{name: "missed, and nothing came", got: []uint64{1}, floor2: 5, said: 7, missed: 4, lost: 2},
		{name: "again after it came back", got: []uint64{1, 2}, floor2: 2, got2: []uint64{2, 3}, said: 3,
			duplicated: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &run{}
			f := &feed{stream: &stream{log: &roomLog{}}}
			f.counts = &r.counts
			take := func(lowerBound uint64, got []uint64) {
				f.lowerBound, f.begun = lowerBound, false
				for _, seq := range got {
					if !f.begun {
						f.begin(r, min(seq-1, f.lowerBound))
					}
					f.take(seq, seq, 0)
				}
			}
			take(test.lowerBound, test.got)
			if test.floor2 > 0 {
				take(test.floor2, test.got2)
			}
			f.stream.said.Store(test.said)
			f.close(r, true)
			lost, missed, twice := r.counts.lost.Load(), r.missed.Load(), r.counts.duplicated.Load()
			if lost != test.lost || missed != test.missed || twice != test.duplicated {
				t.Errorf("%d lost, %d missed, %d duplicated; want %d, %d, %d", lost, missed, twice, test.lost,
					test.missed, test.duplicated)
			}
		})
	}
}

// A message that the server refused, or that nobody received because a
// connection ended, is due to nobody. A message that one client received is due
// to all.
func TestMessagesThatAreDueToNobody(t *testing.T) {
	r := &run{streams: []*stream{{log: &roomLog{}}}}
	s := r.streams[0]
	ended := &link{}
	ended.broken.Store(true)
	for range 2 {
		m := &member{run: r, feeds: make([]feed, 1), present: true}
		m.feeds[0].stream, m.feeds[0].counts = s, &r.counts
		r.members = append(r.members, m)
	}
	speaks := r.members[0]
	speaks.stream = s
	speaks.pending = map[uint64]change{2: {over: ended, seq: 2}, 3: {over: ended, seq: 3}}
	r.speakers = []speaker{{speaks, 0}}
	got := [][]uint64{{1, 3, 5}, {1, 5}} // 2 and 4 reached nobody, 3 one of both
	for i, m := range r.members {
		for _, seq := range got[i] {
			if f := &m.feeds[0]; !f.begun {
				f.begin(r, 0)
			}
			m.feeds[0].take(seq, seq, 0)
		}
	}
	s.said.Store(5)
	s.refuse(4)
	if unsent := r.closePeer(); unsent != 1 || r.counts.lost.Load() != 1 {
		t.Errorf("%d unsent and %d lost, want 1 and 1", unsent, r.counts.lost.Load())
	}
}
