package fanout

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"livechat/server/wire"
)

// A descriptor is reused for the next connection as soon as it is closed. The
// new connection must not get frames of the old one, whoever closed that, and
// whenever.
func TestReusedDescriptorGetsNoForeignFrames(t *testing.T) {
	const at, each = 8, 150
	w := newWorld(t, 4096, nil)
	var dialing sync.Mutex // for w.dial, which pairs the two ends by order
	stop := make(chan struct{})
	var talking, coming sync.WaitGroup
	talking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				w.publish(10)
			}
		}
	})
	for i := range at {
		coming.Go(func() {
			for j := range each {
				dialing.Lock()
				server, conn := w.dial()
				dialing.Unlock()
				c, err := w.fan.Add(server)
				if err != nil {
					t.Error(err)
					return
				}
				greeting := fmt.Sprintf("you are %d, for the %dth time", i, j)
				c.Open(wire.TextFrame([]byte(greeting)))
				c.Attach(w.room, w.room.Join(0))
				deadline(t, conn, time.Minute)
				if f, err := readFrame(conn); err != nil || string(f.payload) != greeting {
					t.Errorf("client %d was greeted with %q, %v", i, f.payload, err)
					return
				}
				var last uint64
				for range j % 3 {
					f, err := readFrame(conn)
					if err != nil {
						t.Error(err)
						return
					}
					if seq := seqOf(t, f); last > 0 && seq != last+1 {
						t.Errorf("message %d after %d", seq, last)
					} else {
						last = seq
					}
				}
				if j%2 == 0 {
					c.HangUp()
				}
				_ = conn.Close()
				c.Detach()
			}
		})
	}
	coming.Wait()
	close(stop)
	talking.Wait()
}
