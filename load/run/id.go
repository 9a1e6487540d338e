package run

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
)

// Our messages have UUIDs in which the run and the message's number can be read: <run>-<number>, 16 hexadecimal digits each, with
// the places that say what kind of UUID it is in between.

// ids makes and reads the ids of one run.
type ids struct{ run string }

func newIDs() ids {
	n := rand.Uint64()
	return ids{fmt.Sprintf("%08x-%04x-4%03x-8000-", n>>32, n>>16&0xffff, n&0xfff)}
}

// id returns that of a message.
func (i ids) id(number uint64) string { return fmt.Sprintf("%s%012x", i.run, number) }

// number returns that of the message, 0 if it is not ours.
func (i ids) number(id []byte) uint64 {
	if len(id) != 36 || string(id[:24]) != i.run {
		return 0
	}
	var b [6]byte
	if _, err := hex.Decode(b[:], id[24:]); err != nil {
		return 0
	}
	var n uint64
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	return n
}
