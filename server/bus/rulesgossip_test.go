package bus

import "testing"

func TestRulesRoom(t *testing.T) {
	for payload, want := range map[string]struct {
		room string
		ok   bool
	}{
		`{"type":"rules","room":"hall"}`:        {"hall", true},
		`{"type":"rules","room":"hall"`:         {"", true},
		`{"type":"rules",`:                      {"", true},
		`{"type":"rules_wanted","room":"hall"}`: {"", false},
		``:                                      {"", false},
	} {
		if room, ok := RulesRoom([]byte(payload)); room != want.room || ok != want.ok {
			t.Errorf("%s: %q, %v", payload, room, ok)
		}
	}
}
