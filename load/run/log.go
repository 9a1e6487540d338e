package run

import (
	"hash/fnv"
	"sync"
	"sync/atomic"
)

// chunkSize is the number of entries in a chunk of a table.
const chunkSize = 4096

// table is an unbounded array whose entries are initially zero, for concurrent
// use. It allocates chunks on first access, so a table that starts at a seq of
// a billion is no larger.
type table[T any] struct {
	mu     sync.Mutex
	chunks map[uint64]*[chunkSize]T
}

// cursor caches the last chunk used by its owner, one goroutine. It is nearly
// always the next one needed.
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

// room is shared by the clients of one room.
type room struct {
	name    string
	share   float64 // of the clients of the run
	clients int     // of this process

	mu   sync.Mutex
	logs map[string]*roomLog // by epoch

	reactions reactions // safe for concurrent use
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

// roomLog records which message has which seq. The first client or publisher to
// see a seq records it, all others compare. So two clients that see different
// messages at the same seq are detected, without any of them storing what it
// saw.
type roomLog struct {
	epoch  string
	places table[atomic.Uint64] // by seq: the message
	seqs   table[atomic.Uint64] // by number of our messages: the seq
	acked  atomic.Uint64        // the highest seq of an ack, or of what is to come
	high   atomic.Uint64        // the highest seq that a client is known to be at

	mu    sync.Mutex
	stays []stay // of clients that have left it
}

// cursors are the cursors of one reader of a roomLog.
type cursors struct {
	places cursor[atomic.Uint64]
	seqs   cursor[atomic.Uint64]
}

// agreement is the result of record.
type agreement int

const (
	matches   agreement = iota
	conflicts           // another client saw another message at this seq
	duplicate           // this message has another seq already
)

// record records that a message is at seq, or compares. number is 0 for
// messages of others, which are identified by hash.
func (l *roomLog) record(n *cursors, seq, number, hash uint64) agreement {
	what := number
	if number == 0 {
		what = hash | foreign
	}
	raise(&l.high, seq)
	if place := l.places.at(seq, &n.places); !place.CompareAndSwap(0, what) && place.Load() != what {
		return conflicts
	}
	if number == 0 {
		return matches
	}
	if own := l.seqs.at(number, &n.seqs); !own.CompareAndSwap(0, seq) && own.Load() != seq {
		return duplicate
	}
	return matches
}

// raise sets v to the maximum of v and to.
func raise(v *atomic.Uint64, to uint64) {
	for {
		old := v.Load()
		if old >= to || v.CompareAndSwap(old, to) {
			return
		}
	}
}

// foreign marks what is not a number of ours but a hash.
const foreign = 1 << 63

// hashOf identifies messages of others by their id, in all processes of a run.
func hashOf(id []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(id) // never fails
	return h.Sum64()
}
