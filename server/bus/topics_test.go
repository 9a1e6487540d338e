package bus

import (
	"maps"
	"slices"
	"testing"
)

// One line per step: what is done, and what must come of it.
func TestTopics(t *testing.T) {
	type step struct {
		do   string // want drop send (as the asker does) confirm push restart
		want string // "": nothing; else what was sent, confirmed or received
	}
	for name, steps := range map[string][]step{
		"once": {
			{"want", ""}, {"send", "+c"}, {"push", ""}, {"confirm", "r"}, {"push", "r"}, {"send", ""},
		},
		"asked twice":         {{"want", ""}, {"want", ""}, {"send", "+c"}, {"want", ""}, {"send", ""}},
		"dropped before sent": {{"want", ""}, {"drop", ""}, {"send", ""}, {"push", ""}},
		"dropped": {
			{"want", ""}, {"send", "+c"}, {"confirm", "r"}, {"drop", ""}, {"push", ""}, {"send", "-c"},
			{"push", ""}, {"send", ""},
		},
		"dropped unconfirmed": {
			{"want", ""}, {"send", "+c"}, {"drop", ""}, {"confirm", ""}, {"push", ""}, {"send", "-c"},
		},
		"dropped twice": {
			{"want", ""}, {"send", "+c"}, {"drop", ""}, {"drop", ""}, {"send", "-c"}, {"drop", ""}, {"send", ""},
		},
		"again, between writes": {
			{"want", ""}, {"send", "+c"}, {"confirm", "r"}, {"drop", ""}, {"want", ""}, {"push", ""},
			{"send", "+c"}, {"push", ""}, {"confirm", "r"}, {"push", "r"},
		},
		"again, after writes": {
			{"want", ""}, {"send", "+c"}, {"confirm", "r"}, {"drop", ""}, {"send", "-c"}, {"want", ""},
			{"send", "+c"}, {"push", ""}, {"confirm", "r"}, {"push", "r"},
		},
		"again, unconfirmed": {
			{"want", ""}, {"send", "+c"}, {"drop", ""}, {"send", "-c"}, {"want", ""}, {"send", "+c"},
			{"confirm", ""}, {"push", ""}, {"confirm", "r"}, {"push", "r"},
		},
		"again, not yet sent": {
			{"want", ""}, {"send", "+c"}, {"drop", ""}, {"want", ""}, {"confirm", ""}, {"push", ""},
			{"send", "+c"}, {"confirm", "r"},
		},
		"restart": {
			{"want", ""}, {"send", "+c"}, {"confirm", "r"}, {"restart", "+c"}, {"push", ""}, {"send", ""},
			{"confirm", "r"}, {"push", "r"},
		},
		"restart unsent": {{"want", ""}, {"restart", "+c"}, {"send", ""}, {"confirm", "r"}, {"push", "r"}},
		"restart unwanted": {
			{"want", ""}, {"send", "+c"}, {"drop", ""}, {"restart", ""}, {"send", ""}, {"confirm", ""},
			{"push", ""},
		},
		"unasked confirmation": {{"want", ""}, {"send", "+c"}, {"confirm", "r"}, {"confirm", "r"}, {"push", "r"}},
		"unknown":              {{"confirm", ""}, {"push", ""}, {"drop", ""}, {"send", ""}, {"restart", ""}},
	} {
		s := newTopics()
		for i, step := range steps {
			if got := act(s, step.do); got != step.want {
				t.Errorf("%s: step %d, %s: %q, want %q", name, i, step.do, got, step.want)
				break
			}
		}
	}
}

// act does one step with channel c of room r.
func act(s *topics, do string) (got string) {
	const channel, room = "c", "r"
	switch do {
	case "want":
		s.want(channel, room)
	case "drop":
		s.drop(channel)
	case "send":
		subscribe, unsubscribe := s.changes()
		for _, c := range subscribe {
			got += "+" + c
		}
		for _, c := range unsubscribe {
			got += "-" + c
		}
	case "restart":
		for _, c := range s.restart() {
			got += "+" + c
		}
	case "confirm":
		got, _ = s.confirm(channel)
	case "push":
		got, _ = s.roomOf(channel)
	}
	return got
}

// Rooms come and go for ever; what is kept of closed ones must not grow.
func TestTopicsForgetUnsubscribedRooms(t *testing.T) {
	for _, life := range [][]string{
		{"want", "drop", "send"},
		{"want", "send", "confirm", "drop", "send"},
		{"want", "send", "drop", "send", "confirm"},
		{"want", "send", "drop", "confirm", "send"},
		{"want", "send", "drop", "want", "drop", "send", "confirm"},
		{"want", "send", "drop", "send", "want", "send", "drop", "confirm", "send", "confirm"},
		{"want", "send", "drop", "restart"},
	} {
		s := newTopics()
		for _, do := range life {
			act(s, do)
		}
		if len(s.topics) != 0 || len(s.dirty) != 0 {
			t.Errorf("after %v: %v and %v are left", life, slices.Collect(maps.Keys(s.topics)), s.dirty)
		}
	}
}
