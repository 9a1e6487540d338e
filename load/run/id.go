package run

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// The ids of our messages are UUIDs that say of a message all that another
// process of the same run has to know: run (40 bits), due (40 bits) and number
// (40 bits), as rrrrrrrr-rrdd-4ddd-8ddd-ddnnnnnnnnnn. The 4 and the 8 make it a
// UUID. The first bit of due says that the sender has a slow network.

// idSize is the length of an id.
const idSize = 36

// dueUnit is the unit of due moments in ids. 39 bits of it are six days.
const dueUnit = time.Microsecond

const (
	maxDue  = 1<<39 - 1 // in dueUnit
	slowDue = 1 << 39
	perPart = 1 << 32 // numbers of one process of a run
	// MaxParts is how many processes can share a run.
	MaxParts = 1<<40/perPart - 1
)

// NewRunID returns the part of the ids that is the same in all messages of a
// run and different in other runs.
func NewRunID() string { return fmt.Sprintf("%010x", rand.Uint64N(1<<40)) }

// ids makes and parses the ids of one run.
type ids struct{ run string }

// id returns the id of a message: its number and when it is due, since the
// first message of the run, and whether its sender has a slow network.
func (i ids) id(number uint64, due time.Duration, slow bool) string {
	d := min(uint64(max(due, 0)/dueUnit), maxDue)
	if slow {
		d |= slowDue
	}
	return fmt.Sprintf("%s-%s%02x-4%03x-8%03x-%02x%010x", i.run[:8], i.run[8:], d>>32, d>>20&0xfff,
		d>>8&0xfff, d&0xff, number)
}

// parse returns the number of a message, or 0 if it is not ours, and when it
// was due.
func (i ids) parse(id []byte) (number uint64, due time.Duration) {
	if len(id) != idSize || string(id[:8]) != i.run[:8] || string(id[9:11]) != i.run[8:] {
		return 0, 0
	}
	digits := [20]byte{id[11], id[12], id[15], id[16], id[17], id[20], id[21], id[22]}
	copy(digits[8:], id[24:])
	var b [10]byte
	if _, err := hex.Decode(b[:], digits[:]); err != nil {
		return 0, 0
	}
	var d uint64
	for _, x := range b[:5] {
		d = d<<8 | uint64(x)
	}
	for _, x := range b[5:] {
		number = number<<8 | uint64(x)
	}
	return number, time.Duration(d&maxDue) * dueUnit
}

// isSlow reports whether the sender of one of our messages has a slow network.
func (ids) isSlow(id []byte) bool { return id[11] >= '8' } // a hexadecimal digit
