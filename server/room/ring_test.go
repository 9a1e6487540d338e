package room

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestRingWraps(t *testing.T) {
	r := NewRing(4)
	if r.Head() != 0 || r.Tail() != 0 || r.At(0) != nil {
		t.Fatal("a new ring is not empty")
	}
	for i := range uint64(10) {
		r.Append(i+1, Message, fmt.Append(nil, i))
	}
	if r.Head() != 10 || r.Tail() != 6 {
		t.Fatalf("head %d, tail %d, want 10, 6", r.Head(), r.Tail())
	}
	for pos := range uint64(10) {
		e := r.At(pos)
		if overtaken := pos < 6; overtaken != (e == nil) {
			t.Errorf("position %d: %+v", pos, e)
		}
		if e != nil && (e.Seq != pos+1 || string(e.Frame) != fmt.Sprint(pos)) {
			t.Errorf("position %d holds seq %d, frame %s", pos, e.Seq, e.Frame)
		}
	}
	if r.At(10) != nil || r.At(13) != nil {
		t.Error("a position above the head has an entry")
	}
}

// TestRingMatchesModel compares the ring with a slice.
func TestRingMatchesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 16
		ring, all, seq := NewRing(size), []Entry{}, uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				kind := rapid.SampledFrom([]Kind{Message, Message, Ephemeral}).Draw(t, "kind")
				if kind == Message {
					seq++
				}
				frame := fmt.Append(nil, len(all))
				ring.Append(seq, kind, frame)
				all = append(all, Entry{Seq: seq, Kind: kind, Frame: frame})
			},
			"": func(t *rapid.T) {
				if ring.Head() != uint64(len(all)) || ring.Tail() != uint64(max(0, len(all)-size)) {
					t.Fatalf("head %d, tail %d of %d entries", ring.Head(), ring.Tail(), len(all))
				}
				for i, want := range all {
					got := ring.At(uint64(i))
					if i < len(all)-size {
						if got != nil {
							t.Fatalf("position %d is still there", i)
						}
					} else if got == nil || got.Seq != want.Seq || got.Kind != want.Kind ||
						string(got.Frame) != string(want.Frame) {
						t.Fatalf("position %d: got %+v, want %+v", i, got, want)
					}
				}
				find := rapid.Uint64Range(0, seq+1).Draw(t, "find")
				want := ring.Tail()
				for want < ring.Head() && all[want].Seq <= find {
					want++
				}
				if got := ring.Find(ring.Tail(), find); got != want {
					t.Fatalf("Find(%d) = %d, want %d", find, got, want)
				}
			},
		})
	})
}

// A reader gets what it asked for or nothing, whatever the writer does
// meanwhile.
func TestRingReadersRaceWriter(t *testing.T) {
	const entries, readers = 20000, 4
	r := NewRing(64)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			seen := 0
			for pos := uint64(0); pos < entries; {
				if pos == r.Head() {
					continue
				}
				e := r.At(pos)
				if e == nil { // overtaken: continue further ahead
					pos = r.Tail() + 8
					continue
				}
				if e.Seq != pos+1 || string(e.Frame) != fmt.Sprint(pos) {
					t.Errorf("position %d: seq %d, frame %s", pos, e.Seq, e.Frame)
					return
				}
				pos, seen = pos+1, seen+1
			}
			if seen == 0 {
				t.Error("a reader saw nothing")
			}
		})
	}
	for i := range uint64(entries) {
		r.Append(i+1, Message, fmt.Append(nil, i))
	}
	wg.Wait()
}

// A room in which little is said costs little, whatever RING_SIZE is.
func TestSmallRingIsSmall(t *testing.T) {
	const rings = 1000
	all := make([]*Ring, rings)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = NewRing(4096)
		for seq := range uint64(10) {
			all[i].append(Entry{Seq: seq})
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / rings; each > 4096 {
		t.Errorf("a ring with ten entries takes %d bytes", each)
	}
	if e := all[0].At(4095); e != nil {
		t.Errorf("position 4095 has %+v", e)
	}
}

func BenchmarkRingAt(b *testing.B) {
	r, frame := NewRing(4096), make([]byte, 256)
	for seq := range uint64(4096) {
		r.Append(seq, Message, frame)
	}
	pos := uint64(0)
	for b.Loop() {
		if r.At(pos) == nil {
			b.Fatal(pos)
		}
		pos = (pos + 1) % 4096
	}
}

func BenchmarkRingAppend(b *testing.B) {
	r, frame := NewRing(4096), make([]byte, 256)
	b.ReportAllocs()
	for seq := uint64(1); b.Loop(); seq++ {
		r.Append(seq, Message, frame)
	}
}
