package plan

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"slices"
)

// DefaultRoom is the room of a load that names none. It is not the servers'
// default room, where people are.
const DefaultRoom = "load"

// RoomOf returns the number of a client's room, from 0. With Zipf the first call
// is not safe for concurrent use.
func (s *Settings) RoomOf(client int) int {
	if s.Zipf == 0 {
		return client % s.Rooms
	}
	if s.placement == nil {
		s.placement = s.place()
	}
	return s.placement[client]
}

// RoomNamed returns the name of a room; empty: the room of the address, or the
// servers' default one.
func (s *Settings) RoomNamed(room int) string {
	if s.Rooms == 1 {
		return s.RoomName
	}
	return fmt.Sprintf("%s-%d", cmp.Or(s.RoomName, DefaultRoom), room+1)
}

// maxZipf is the largest exponent. Far below it, nearly all clients are in one
// room.
const maxZipf = 5

// place returns the rooms of all clients by Zipf's law: the share of the n-th
// room is in proportion to 1/n^Zipf. Each room has one client at least. The
// clients of a room are spread at random over all of them, and so over the
// addresses and the workers, but the same seed spreads them the same.
func (s *Settings) place() []int {
	all := make([]int, 0, s.Clients)
	shares := make(shares, s.Rooms)
	for room := range shares {
		shares[room] = share{room, math.Pow(float64(room+1), -s.Zipf), 1}
		all = append(all, room)
	}
	heap.Init(&shares)
	for len(all) < s.Clients {
		next := &shares[0]
		next.clients++
		all = append(all, next.room)
		heap.Fix(&shares, 0)
	}
	s.random(2<<32).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// share is a room that gets clients in proportion to its weight.
type share struct {
	room    int
	weight  float64
	clients int
}

// shares is a heap of the rooms. The first one is to get the next client, as
// parties get seats by the method of Sainte-Laguë.
type shares []share

func (s shares) Len() int      { return len(s) }
func (s shares) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *shares) Push(x any)   { *s = append(*s, x.(share)) }
func (s *shares) Pop() any     { panic("no room ends") }

func (s shares) Less(i, j int) bool {
	a, b := s[i].weight/float64(2*s[i].clients+1), s[j].weight/float64(2*s[j].clients+1)
	if a != b {
		return a > b
	}
	return s[i].room < s[j].room
}

// RoomSizes returns the number of clients in each room.
func (s *Settings) RoomSizes() []int {
	sizes := make([]int, s.Rooms)
	for client := range s.Clients {
		sizes[s.RoomOf(client)]++
	}
	return sizes
}

// Sizes returns the clients of the biggest room and of the median one.
func (s *Settings) Sizes() (biggest, median int) {
	sizes := s.RoomSizes()
	slices.Sort(sizes)
	return sizes[len(sizes)-1], sizes[len(sizes)/2]
}
