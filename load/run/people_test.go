package run

import "testing"

// A private message is missing from when it is stored until the feed has it,
// which may be before that is known.
func TestPrivateMessagesAreAccountedFor(t *testing.T) {
	p := &person{due: make(map[uint64]bool), got: make(map[uint64]bool)}
	p.expect(1)
	if n := p.missing(); n != 1 {
		t.Errorf("%d are missing, want 1", n)
	}
	if !p.receive(1) || p.receive(1) {
		t.Error("the first receipt counts, and no other one")
	}
	if !p.receive(2) || p.receive(2) { // before its answer
		t.Error("the first receipt counts, and no other one")
	}
	p.expect(2)
	if n := p.missing(); n != 0 || p.receive(2) {
		t.Errorf("%d are missing, want none", n)
	}
}
