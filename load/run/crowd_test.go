package run

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"livechat/load/plan"
)

// Clients join and leave when the stages say it. Those that never reached a
// server have not left one.
func TestClientsFollowTheStages(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody answers there
	stages, clients, rate, err := plan.ParseStages("0s:0c,1s:20c,2s:20c,3s:0c,4s:0c,4s:10c,5s:10c,6s:8c")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := plan.Settings{URLs: []string{"ws://" + address}, Rooms: 1, Handshakes: 100, For: 6 * time.Second}
		s.SetStages(stages, clients, rate)
		r := build(s, nil, nil, 0)
		var over context.CancelFunc
		r.reading, over = context.WithCancel(t.Context())
		began, followed := time.Now(), make(chan struct{})
		go func() {
			defer close(followed)
			r.follow(began)
		}()
		for _, one := range []struct {
			at   time.Duration
			want int64
		}{{500, 10}, {1500, 20}, {2500, 10}, {3500, 0}, {4500, 10}, {5500, 9}, {6500, 8}} {
			time.Sleep(time.Until(began.Add(one.at*time.Millisecond + followStep/2)))
			if n := r.wanted.Load(); n != one.want {
				t.Errorf("%d clients after %d ms, want %d", n, one.at, one.want)
			}
		}
		close(r.quiet)
		<-followed
		over()
		r.readers.Wait()
		if r.failures.Load() == 0 || r.joined.Load()+r.left.Load() != 0 {
			t.Errorf("%d connections failed, %d clients joined and %d left", r.failures.Load(),
				r.joined.Load(), r.left.Load())
		}
	})
}
