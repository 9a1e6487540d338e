package fanout

import (
	"io"
	"testing"

	"livechat/server/room"
)

// The hot path allocates nothing: for one frame or many, for clients that share
// a batch and for one that catches up.
func TestPassesAllocateNothing(t *testing.T) {
	w := newWorld(t, 1024, nil)
	for range 40 {
		w.publish(100)
	}
	head := w.room.Ring().Head()
	for name, test := range map[string]struct {
		from     uint64
		catching bool
	}{
		"one frame":   {head - 1, false},
		"many frames": {head - 30, false},
		"catching up": {head - 30, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, conn := w.idleShard(room.Start{Cursor: head})
			go func() { _, _ = io.Copy(io.Discard, conn) }() // ends with the connection
			v, _ := s.groups.Load(w.room)
			before := c.cursor
			if n := testing.AllocsPerRun(200, func() {
				c.cursor, c.catchingUp, c.after, c.live = test.from, test.catching, w.seq-20, head
				s.of = nil
				s.passGroup(v.(*group))
				if c.slow {
					t.Fatal("the client does not keep up")
				}
				c.cursor, before = head, c.cursor
				if before != head {
					t.Fatalf("the pass left the client at %d of %d", before, head)
				}
			}); n != 0 {
				t.Errorf("%v allocations in a pass", n)
			}
		})
	}
}
