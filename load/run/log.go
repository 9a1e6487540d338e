package run

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// chunkSize is how many entries of a table lie together.
const chunkSize = 4096

// table is an array of any length whose entries begin as zero, and which many read and write at once. It grows where it is touched, so one that begins
// at a seq of a billion is not larger for it.
type table[T any] struct {
	mu     sync.Mutex
	chunks map[uint64]*[chunkSize]T
}

// cursor remembers the chunk that its owner, one goroutine, has used last, which nearly always is the next one it needs.
type cursor[T any] struct {
	index uint64
	chunk *[chunkSize]T
}

// at returns the i-th entry.
func (t *table[T]) at(i uint64, c *cursor[T]) *T {
	if index := i / chunkSize; c.chunk == nil || c.index != index {
		c.index, c.chunk = index, t.find(index)
	}
	return &c.chunk[i%chunkSize]
}

func (t *table[T]) find(index uint64) *[chunkSize]T {
	t.mu.Lock()
	defer t.mu.Unlock()
	chunk := t.chunks[index]
	if chunk == nil {
		if t.chunks == nil {
			t.chunks = make(map[uint64]*[chunkSize]T)
		}
		chunk = new([chunkSize]T)
		t.chunks[index] = chunk
	}
	return chunk
}

// room is what the clients of one room share.
type room struct {
	name string

	mu   sync.Mutex
	logs map[string]*roomLog // by epoch
}

// log returns the log of an epoch.
func (r *room) log(epoch string) *roomLog {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.logs[epoch]
	if l == nil {
		if r.logs == nil {
			r.logs = make(map[string]*roomLog)
		}
		l = &roomLog{epoch: epoch}
		r.logs[epoch] = l
	}
	return l
}

// roomLog is which message has which place. Whoever is the first to see a place, client or publisher, writes it down; all others compare. So two
// clients that see different messages at the same place are found out without any of them keeping what it saw.
type roomLog struct {
	epoch  string
	places table[atomic.Uint64] // by seq: which message is there
	seqs   table[atomic.Uint64] // by number of our messages: its seq
	acked  atomic.Uint64        // the highest seq that a publisher was told
}

// notes are the cursors of one reader of a roomLog.
type notes struct {
	places cursor[atomic.Uint64]
	seqs   cursor[atomic.Uint64]
}

// agreement is what note finds.
type agreement int

const (
	agrees  agreement = iota
	differs           // somebody else saw another message at this place
	again             // this message has another place already
)

// note writes down that the message is at seq, or compares. number is 0 for messages that are not ours; they are told apart by hash.
func (l *roomLog) note(n *notes, seq, number, hash uint64) agreement {
	what := number
	if number == 0 {
		what = hash | 1<<63
	}
	if place := l.places.at(seq, &n.places); !place.CompareAndSwap(0, what) && place.Load() != what {
		return differs
	}
	if number == 0 {
		return agrees
	}
	if own := l.seqs.at(number, &n.seqs); !own.CompareAndSwap(0, seq) && own.Load() != seq {
		return again
	}
	return agrees
}

// raise makes v at least to.
func raise(v *atomic.Uint64, to uint64) {
	for {
		old := v.Load()
		if old >= to || v.CompareAndSwap(old, to) {
			return
		}
	}
}

var seed = maphash.MakeSeed()

// hashOf tells the ids of other people's messages apart.
func hashOf(id []byte) uint64 { return maphash.Bytes(seed, id) }
