package fanout

import (
	"testing"

	"livechat/internal/poll"
	"livechat/server/room"
)

// A room waits for a crowd that is behind and still takes something, and for nobody who takes nothing, however many they are.
func TestOnlyWhoReadsIsACrowd(t *testing.T) {
	w := newWorld(t, 1024, func(o *Options) { o.Shards = 1 })
	s, first, _ := w.byHand(room.Start{Cursor: w.room.Ring().Head()})
	clients := []*Client{first}
	for range crowd {
		server, _ := w.dial() // its other end reads nothing
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
		c.progress(w.room.Ring().Head() - more) // as if each had taken something just now
	}
	pass()
	if lag := w.reg.Lag().Followers; lag != more {
		t.Errorf("the room's crowd is %d behind, want %d", lag, more)
	}
}

// A room has an eye on a single client that does not keep up, but for some time only if that takes nothing.
func TestWhoReadsIsAStraggler(t *testing.T) {
	w := newWorld(t, 1024, func(o *Options) { o.Shards = 1 })
	s, c, _ := w.byHand(room.Start{Cursor: w.room.Ring().Head()})
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
		t.Errorf("right after its socket became full it is %d behind, want %d or more", lag, more)
	}
	s.clock.Add(lately + 1)
	if lag := straggler(); lag != 0 {
		t.Errorf("the room looks after a client that has taken nothing for long, %d behind", lag)
	}
	c.progress(w.room.Ring().Head() - more) // as if it had taken something just now
	if lag := straggler(); lag != more {
		t.Errorf("when it has taken something it is %d behind, want %d", lag, more)
	}
}
