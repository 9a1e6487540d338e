package run

import (
	"reflect"
	"testing"
)

// A log says how many clients have received each of its messages: neither those
// that they missed, nor those of before they joined or after they left.
func TestLogCountsReceivers(t *testing.T) {
	home := &room{}
	whole, leaver, holed, told := newcomer(home), newcomer(home), newcomer(home), newcomer(home)
	whole.takes(101, 102, 103, 104, 105)
	leaver.takes(101, 102)
	leaver.leave()
	leaver.join(home.log("e"), 104) // and came back
	leaver.takes(105)
	holed.takes(101, 103, 105, 104)
	told.takes(101)
	told.gap(102, 104)
	told.takes(105)
	elsewhere := &account{counts: &counts{}, room: home}
	elsewhere.join(home.log("f"), 200)
	for _, a := range []*account{whole, leaver, holed, told, elsewhere} {
		a.end(0)
		a.leave()
	}
	all := (&run{rooms: []*room{home}}).logs()
	want := []Log{{Epoch: "e", First: 101, What: []uint64{1, 2, 3, 4, 5}, Had: []int32{4, 2, 2, 2, 4}}}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("%+v, want %+v", all, want)
	}
}

// A log that is longer than a chunk comes in parts.
func TestLongLogComesInParts(t *testing.T) {
	a := &account{counts: &counts{}, room: &room{}}
	a.join(a.room.log("e"), chunkSize-2)
	for seq := uint64(chunkSize - 1); seq <= chunkSize+1; seq++ {
		a.take(seq, 0, seq)
	}
	a.leave()
	seen := make(map[uint64]int32)
	for _, part := range a.room.log("e").parts() {
		for i, what := range part.What {
			if seq := part.First + uint64(i); what != seq|foreign {
				t.Errorf("%d is at %d", what, seq)
			}
			seen[part.First+uint64(i)] += part.Had[i]
		}
	}
	if want := map[uint64]int32{chunkSize - 1: 1, chunkSize: 1, chunkSize + 1: 1}; !reflect.DeepEqual(seen,
		want) {
		t.Errorf("received %v, want %v", seen, want)
	}
}
