package run

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
)

// The ids of our messages are UUIDs that contain the run and the number of the
// message: <run>-<number>, with the version digits of a UUID in between.

// ids makes and parses the ids of one run.
type ids struct{ run string }

func newIDs() ids {
	n := rand.Uint64()
	return ids{fmt.Sprintf("%08x-%04x-4%03x-8000-", n>>32, n>>16&0xffff, n&0xfff)}
}

// id returns the id of a message.
func (i ids) id(number uint64) string { return fmt.Sprintf("%s%012x", i.run, number) }

// number returns the number of a message, or 0 if it is not ours.
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
