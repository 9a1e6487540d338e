package room

import (
	"sync/atomic"
	"time"
)

// Kind determines which clients get an entry.
type Kind uint8

const (
	// all clients, exactly once: a message, or the gap that stands for lost
	// ones
	Message Kind = iota
	// clients connected now: presence, typing, notice; never replayed
	Ephemeral
	// clients connected now: seqs start over after it
	Reset
)

// Entry is one element of a room's ring: an encoded WebSocket frame. It is
// immutable once appended; a tombstone may take its slot.
type Entry struct {
	// A message's own seq; for other kinds, the seq of the last message before.
	Seq      uint64
	Kind     Kind
	appended uint32 // when it was appended, by clock
	Frame    []byte

	pos uint64
}

var started = time.Now()

// clock returns the seconds since this process started. It is monotonic:
// setting the system clock does not affect it.
func clock() uint32 { return uint32(time.Since(started) / time.Second) }

// Ring holds the newest entries of a room. Positions count all entries ever
// appended, from 0; a cursor is a position.
//
// Its slots are made in pieces, when entries first come to them: most rooms are
// small, and 4096 slots are 32 KB.
//
// One goroutine at a time appends, any number read, and neither side waits: a
// reader loads the slot of its position and checks that the entry is still the
// one it wants. If not, the ring has overtaken that reader. An overwritten
// entry stays alive while a writer still sends from it, because it is garbage
// collected, so no reader ever sees half an entry.
type Ring struct {
	size   uint64 // entries
	pieces []atomic.Pointer[piece]
	head   atomic.Uint64 // position of the next entry
}

// pieceSize is how many slots are made at once, a power of two: 512 bytes.
const pieceSize = 64

type piece [pieceSize]atomic.Pointer[Entry]

// NewRing returns a ring of size entries, which must be a power of two.
func NewRing(size int) *Ring {
	if size <= 0 || size&(size-1) != 0 {
		panic("room: the ring's size must be a power of two") // config validates it
	}
	return &Ring{size: uint64(size), pieces: make([]atomic.Pointer[piece], max(1, size/pieceSize))}
}

// Append adds an entry at the head. Calls must not overlap.
func (r *Ring) Append(seq uint64, kind Kind, frame []byte) {
	r.append(Entry{Seq: seq, Kind: kind, appended: clock(), Frame: frame})
}

func (r *Ring) append(e Entry) {
	e.pos = r.head.Load()
	at := r.piece(e.pos)
	p := at.Load()
	if p == nil {
		p = new(piece)
		at.Store(p)
	}
	p[r.within(e.pos)].Store(&e)
	r.head.Store(e.pos + 1)
}

// Replace gives the entry at a position another frame, unless the ring has
// overtaken it. A writer that is sending the old one goes on with it. Calls must
// not overlap with Append.
func (r *Ring) Replace(pos uint64, frame []byte) {
	if old := r.At(pos); old != nil {
		e := *old
		e.Frame = frame
		r.piece(pos).Load()[r.within(pos)].Store(&e)
	}
}

// Head returns the position after the newest entry.
func (r *Ring) Head() uint64 { return r.head.Load() }

// Tail returns the oldest position still in the ring, unless an Append is in
// progress.
func (r *Ring) Tail() uint64 {
	head := r.head.Load()
	if head < r.size {
		return 0
	}
	return head - r.size
}

// At returns the entry at a position below Head; nil if the ring has overtaken
// it.
func (r *Ring) At(pos uint64) *Entry {
	p := r.piece(pos).Load()
	if p == nil {
		return nil
	}
	if e := p[r.within(pos)].Load(); e != nil && e.pos == pos {
		return e
	}
	return nil
}

// Find returns the first position, starting at from, whose entry comes after
// message seq. Seqs must not decrease from there on, and nothing may be
// appended meanwhile.
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

// piece returns where the piece with the slot of a position is.
func (r *Ring) piece(pos uint64) *atomic.Pointer[piece] { return &r.pieces[pos&(r.size-1)/pieceSize] }

// within returns the place of a position in its piece.
func (r *Ring) within(pos uint64) uint64 { return pos & (r.size - 1) % pieceSize }
