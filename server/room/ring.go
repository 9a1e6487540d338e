package room

import (
	"sync/atomic"
	"time"
)

// Kind says who gets to see an entry.
type Kind uint8

const (
	Message Kind = iota // everybody, once: a message, or the gap that stands for some
	Side                // who is there: presence, typing, notice; never replayed
	Reset               // who is there: seqs begin anew behind it
)

// Entry is one element of a room's ring: a finished WebSocket frame. It never changes after it was appended.
type Entry struct {
	Seq   uint64 // a message: its own; anything else: that of the last message before it
	Kind  Kind
	heard uint32 // when it was appended, by clock
	Frame []byte

	pos uint64
}

var started = time.Now()

// clock returns the seconds since this process started, which nobody can set.
func clock() uint32 { return uint32(time.Since(started) / time.Second) }

// Ring holds the newest entries of a room. Positions count all entries ever appended, from 0; they are what cursors are made of.
//
// One goroutine at a time appends, any number read, nobody waits for anybody: a reader loads the slot of its position and looks
// whether the entry in it is still the one that it wants. If it is not, the ring has overtaken that reader. Overwritten
// entries that a writer still sends from live on by garbage collection, so nothing is ever read half.
type Ring struct {
	slots []atomic.Pointer[Entry]
	head  atomic.Uint64 // the position that the next entry gets
}

// NewRing returns a ring of size entries, which is a power of two.
func NewRing(size int) *Ring {
	if size <= 0 || size&(size-1) != 0 {
		panic("room: the ring's size must be a power of two") // config checks it
	}
	return &Ring{slots: make([]atomic.Pointer[Entry], size)}
}

// Append adds an entry at the head. Only one goroutine may do so at a time.
func (r *Ring) Append(seq uint64, kind Kind, frame []byte) {
	r.append(Entry{Seq: seq, Kind: kind, heard: clock(), Frame: frame})
}

func (r *Ring) append(e Entry) {
	e.pos = r.head.Load()
	r.slots[e.pos&r.mask()].Store(&e)
	r.head.Store(e.pos + 1)
}

// Head returns the position behind the newest entry: where live is.
func (r *Ring) Head() uint64 { return r.head.Load() }

// Tail returns the oldest position that the ring still has, unless an Append is on its way.
func (r *Ring) Tail() uint64 {
	head, size := r.head.Load(), uint64(len(r.slots))
	if head < size {
		return 0
	}
	return head - size
}

// At returns the entry of a position below Head; nil if the ring has overtaken it.
func (r *Ring) At(pos uint64) *Entry {
	if e := r.slots[pos&r.mask()].Load(); e != nil && e.pos == pos {
		return e
	}
	return nil
}

// Find returns the first position from from on whose entry belongs behind the message seq: the next message or what came
// between. Seqs must not fall from from on, and nobody may append meanwhile.
func (r *Ring) Find(from, seq uint64) uint64 {
	lo, hi := from, r.Head()
	for lo < hi {
		mid := lo + (hi-lo)/2
		if r.At(mid).Seq > seq {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func (r *Ring) mask() uint64 { return uint64(len(r.slots)) - 1 }
