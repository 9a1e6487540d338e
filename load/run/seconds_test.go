package run

import (
	"testing"
	"testing/synctest"
	"time"

	"livechat/load/plan"
)

// idle watches nothing.
type idle struct{}

func (idle) Find()                  {}
func (idle) Look() map[string]Usage { return nil }
func (idle) Self() Usage            { return Usage{} }

// Rates are of the time since the first message was due, which with workers is
// some time after they were told.
func TestDurationBeginsWithTheFirstMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := build(plan.Settings{URLs: []string{"ws://127.0.0.1:1"}, Clients: 1, Rooms: 1, Handshakes: 1},
			idle{}, nil, 1)
		r.sampler.programs = NewPrograms(idle{})
		r.sampler.begin(r, time.Now().Add(time.Second))
		r.sampler.finish(r)
		if r.sampler.took != 0 {
			t.Errorf("ended before the first message, and it took %s", r.sampler.took)
		}
		time.Sleep(4 * time.Second)
		r.sampler.finish(r)
		if r.sampler.took != 3*time.Second {
			t.Errorf("it took %s, want 3s", r.sampler.took)
		}
	})
}
