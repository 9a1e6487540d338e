package plan

import (
	"math"
	"slices"
	"testing"
)

// Rooms are as large as Zipf's law says, none is empty, and the same seed puts
// the same clients into them.
func TestZipf(t *testing.T) {
	s := &Settings{Clients: 10_000, Rooms: 100, Zipf: 1.1, Seed: 7}
	sizes := s.RoomSizes()
	sum := 0.0
	for n := range sizes {
		sum += math.Pow(float64(n+1), -1.1)
	}
	for n, got := range sizes {
		if want := 10_000 * math.Pow(float64(n+1), -1.1) / sum; math.Abs(float64(got)-want) > 1.5 {
			t.Errorf("room %d has %d clients, want %.1f", n+1, got, want)
		}
	}
	if biggest, median := s.Sizes(); biggest != sizes[0] || median != sizes[49] {
		t.Errorf("%d in the biggest room and %d in the median one, want %d and %d", biggest, median, sizes[0],
			sizes[49])
	}
	same, other := *s, *s
	same.placement, other.placement, other.Seed = nil, nil, 8
	if same.RoomOf(0); !slices.Equal(s.placement, same.placement) {
		t.Error("the same seed gives other rooms")
	}
	if other.RoomOf(0); slices.Equal(s.placement, other.placement) {
		t.Error("another seed gives the same rooms")
	}
	few := &Settings{Clients: 10, Rooms: 10, Zipf: 5}
	if sizes := few.RoomSizes(); slices.Min(sizes) != 1 || slices.Max(sizes) != 1 {
		t.Errorf("%v, want one client in each room", sizes)
	}
}

// The messages of a room are about as its clients.
func TestZipfOfMessages(t *testing.T) {
	s := &Settings{Clients: 10_000, Rooms: 20, Zipf: 1, Rate: 10}
	n, _ := s.ChoosePublishers(5)
	if n != 5000 {
		t.Fatalf("%d publishers, want every second client", n)
	}
	speakers := make([]int, s.Rooms)
	for i := range n {
		speakers[s.RoomOf(s.Publisher(i, n))]++
	}
	for room, clients := range s.RoomSizes() {
		if got, want := float64(speakers[room]), float64(clients)/2; math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("room %d has %.0f publishers, want about %.0f", room+1, got, want)
		}
	}
}
