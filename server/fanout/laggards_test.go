package fanout

import (
	"testing"

	"livechat/internal/poll"
	"livechat/server/room"
)

// A room waits for laggards that still take bytes, but not for clients that
// take nothing, however many there are.
func TestLaggardsAreClientsThatRead(t *testing.T) {
	w := newWorld(t, 1024, func(o *Options) { o.Shards = 1 })
	s, first, _ := w.idleShard(room.Start{Cursor: w.room.Ring().Head()})
	clients := []*Client{first}
	for range minLaggards {
		server, _ := w.dial() // its other end never reads
		c, err := s.fan.Add(server)
		if err != nil {
			t.Fatal(err)
		}
		s.attach(attachment{c, w.room, room.Start{Cursor: w.room.Ring().Head()}})
		t.Cleanup(func() { s.detach(c) })
		clients = append(clients, c)
	}
	v, _ := s.groups.Load(w.room)
	pass := func() { s.passGroup(v.(*group)) }
	full := func() bool {
		for _, c := range clients {
			if !c.slow {
				return false
			}
		}
		return true
	}
	poll.Until(t, "all sockets are full", func() bool {
		w.publish(60_000)
		pass()
		return full()
	})
	const more = 20
	for range more {
		w.publish(10)
		pass()
	}
	if lag := w.reg.Lag().Followers; lag != 0 {
		t.Errorf("the room waits for clients that do not read: it is %d behind", lag)
	}
	for _, c := range clients {
		c.noteProgress(w.room.Ring().Head() - more) // as if each had just taken something
	}
	pass()
	if lag := w.reg.Lag().Followers; lag != more {
		t.Errorf("the room's laggards are %d behind, want %d", lag, more)
	}
}

// A single client that does not keep up counts as a straggler, but not for long
// if it takes nothing.
func TestStragglerIsClientThatReads(t *testing.T) {
	w := newWorld(t, 1024, func(o *Options) { o.Shards = 1 })
	s, c, _ := w.idleShard(room.Start{Cursor: w.room.Ring().Head()})
	v, _ := s.groups.Load(w.room)
	straggler := func() uint64 {
		s.passGroup(v.(*group))
		return w.reg.Lag().Straggler
	}
	poll.Until(t, "its socket is full", func() bool {
		w.publish(60_000)
		s.passGroup(v.(*group))
		return c.slow
	})
	const more = 20
	for range more {
		w.publish(10)
	}
	if lag := straggler(); lag < more {
		t.Errorf("with a full socket it is %d behind, want %d or more", lag, more)
	}
	s.clock.Add(stragglerTicks + 1)
	if lag := straggler(); lag != 0 {
		t.Errorf("a client that has taken nothing for long counts as a straggler, %d behind", lag)
	}
	c.noteProgress(w.room.Ring().Head() - more) // as if it had just taken something
	if lag := straggler(); lag != more {
		t.Errorf("after taking something it is %d behind, want %d", lag, more)
	}
}
