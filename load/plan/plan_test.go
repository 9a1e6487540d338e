package plan

import (
	"strings"
	"testing"
	"time"
)

func settings() Settings {
	return Settings{URLs: []string{"ws://127.0.0.1:8080"}, Clients: 1000, Rate: 50, Rooms: 1, Bytes: 100,
		For: 30 * time.Second, Warmup: 2 * time.Second, Handshakes: 64,
		Bound: 500 * time.Millisecond, Step: 5 * time.Second, Stay: time.Second, Times: 4}
}

func TestSourcesAreSpread(t *testing.T) {
	s := settings()
	if got := s.Source(999); got != "" {
		t.Errorf("few clients connect from %q, want the kernel's choice", got)
	}
	s.Clients = 60000
	from := map[string]int{}
	for i := range s.Clients {
		from[s.Source(i)]++
	}
	if len(from) != 3 || from["127.0.0.1"] != portsPerSource || from["127.0.0.2"] != portsPerSource ||
		from["127.0.0.3"] != 10000 {
		t.Errorf("they connect from %v", from)
	}
	if err := s.Ports(); err != nil {
		t.Error(err)
	}
	s.URLs = []string{"ws://10.0.0.1:8080"}
	if err := s.Ports(); err == nil || s.Source(1) != "" || !strings.Contains(err.Error(), "-source") {
		t.Errorf("to another machine: %v from %q", err, s.Source(1))
	}
	s.Sources = []string{"10.0.0.2", "10.0.0.3", "10.0.0.4"}
	if err := s.Ports(); err != nil || s.Source(4) != "10.0.0.3" {
		t.Errorf("with addresses: %v, and the fifth from %q", err, s.Source(4))
	}
}

func TestFileLimitIsChecked(t *testing.T) {
	s := settings()
	if err := s.Files(1100); err != nil {
		t.Error(err)
	}
	err := s.Files(1024)
	if err == nil {
		t.Fatal("1,000 clients need more than 1,024 files")
	}
	for _, want := range []string{"need 1100 open files", "the limit is 1024", "ulimit -n", "-clients 924"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if err := s.Files(100); err == nil || strings.Contains(err.Error(), "-clients") {
		t.Errorf("%v, want no advice that cannot be followed", err)
	}
}

// The shares of a run are all of its clients, each once and about the same
// number, from all rooms.
func TestSplit(t *testing.T) {
	for _, test := range []struct{ clients, parts, rooms int }{
		{10, 1, 1}, {10, 3, 2}, {3, 3, 1}, {1001, 4, 5},
	} {
		s := Settings{Clients: test.clients, Rooms: test.rooms}
		next := 0
		for _, share := range s.Split(test.parts) {
			s.Share = share
			first, count := s.Own()
			if first != next || count < test.clients/test.parts || count > test.clients/test.parts+1 {
				t.Errorf("%+v: a share of %d from %d on", test, count, first)
			}
			next += count
			rooms := make(map[string]bool)
			for c := first; c < first+count; c++ {
				rooms[s.Room(c)] = true
			}
			if len(rooms) != min(test.rooms, count) {
				t.Errorf("%+v: %d clients are in %d rooms", test, count, len(rooms))
			}
		}
		if next != test.clients {
			t.Errorf("%+v: %d clients", test, next)
		}
	}
}
