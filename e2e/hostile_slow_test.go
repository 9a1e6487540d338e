package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/e2e/fault"
)

// heavy is a message of nearly 16 KB: with 700 of them no buffer on the way hides a reader that has stopped.
var heavy = strings.Repeat("💬", 3900)

const heavies = 700

// pour lets a connection say n heavy messages, not much faster than it hears that they were taken.
func pour(t *testing.T, conn *client.Conn, n int) (last uint64) {
	t.Helper()
	const ahead = 20
	for i := range n + ahead {
		if i < n {
			if err := conn.Post(newID(), heavy); err != nil {
				t.Fatalf("send: %v", err)
			}
		}
		if i >= ahead {
			last = max(last, await[*client.Ack](t, conn, nil).Seq)
		}
	}
	return last
}

// dozer is a session that stops reading when it is told to.
type dozer struct {
	*client.Session
	lost  chan *client.Disconnected
	awake sync.RWMutex
}

func doze(t *testing.T, o client.Options) *dozer {
	d := &dozer{lost: make(chan *client.Disconnected, 100)}
	d.Session = client.NewSession(o, func(event client.Event) {
		if e, ok := event.(*client.Disconnected); ok {
			d.lost <- e
		}
		d.awake.RLock()
		defer d.awake.RUnlock()
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = d.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return d
}

// caughtUp waits until the session has heard everything up to seq.
func (d *dozer) caughtUp(t *testing.T, seq uint64) {
	t.Helper()
	eventually(t, 30*time.Second, "the slow reader catches up", func() error {
		if at, _ := d.Position(); at.Seq < seq {
			return fmt.Errorf("it stands at %d of %d", at.Seq, seq)
		}
		return nil
	})
}

// A reader that dozes off is cut with 4008 and resumes; at the third time in a minute it is told to stay away, and does. The others hear everything.
func TestSlowReaderIsToldToWait(t *testing.T) {
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"RING_SIZE": "256", "WRITE_TIMEOUT": "30s"}})
	for way, address := range map[string]string{"direct": c.ServerURL(0), "through HAProxy": c.RoomURL()} {
		t.Run(way, func(t *testing.T) {
			room := "slow-" + strings.Fields(way)[0]
			talker := dial(t, client.Options{URL: c.ServerURL(0), Room: room, Name: "talker"})
			other := join(t, client.Options{URL: address, Room: room, Name: "other", History: new(0)})
			d := doze(t, client.Options{URL: address, Room: room, Name: "slow", MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond})
			last := say(t, talker, "welcome")
			for cut := 1; cut <= 3; cut++ {
				d.caughtUp(t, last)
				d.awake.Lock()
				last = pour(t, talker, heavies)
				d.awake.Unlock()
				var e *client.Disconnected
				select {
				case e = <-d.lost:
				case <-time.After(20 * time.Second):
					t.Fatalf("it was not cut for the %d. time", cut)
				}
				var end *client.CloseError
				if !errors.As(e.Err, &end) || end.Code != 4008 {
					t.Fatalf("cut %d: %v, want 4008", cut, e.Err)
				}
				if told := end.RetryAfter > 0; told != (cut == 3) || told && (e.Wait < end.RetryAfter || end.RetryAfter > time.Minute) {
					t.Errorf("cut %d: told to stay away for %v, and waits %v", cut, end.RetryAfter, e.Wait)
				}
			}
			eventually(t, 30*time.Second, "the other hears everything", func() error {
				if at, _ := other.Position(); at.Seq < last {
					return fmt.Errorf("it stands at %d of %d", at.Seq, last)
				}
				return nil
			})
			if _, lost := other.connections(); lost > 0 {
				t.Errorf("the other lost %d connections", lost)
			}

			// Who does not heed it is told again, and let in by another name.
			w := dialRaw(t, address+"?history=0&name=slow&room="+room)
			if e := w.next("error"); e.Code != "too_slow" || !e.Retryable || e.RetryAfter <= 0 || e.RetryAfter > 60_000 {
				t.Errorf("told %+v", e)
			}
			if got := w.hear(); got != "close 4008" {
				t.Errorf("and then %q", got)
			}
			dialRaw(t, address+"?history=0&name=other&room="+room).next("welcome")
		})
	}
}

// A reader that takes nothing at all for the write timeout is cut without a word, for which there is no room; so it hears it when it comes back.
func TestMuteReaderIsToldToWait(t *testing.T) {
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"WRITE_TIMEOUT": "300ms"}})
	talker := dial(t, client.Options{URL: c.ServerURL(0), Name: "talker"})
	for range 3 {
		w := dialRaw(t, c.RoomURL()+"?history=0&name=mute")
		w.next("welcome")
		pour(t, talker, heavies)
		eventually(t, 20*time.Second, "the mute reader is cut", func() error {
			_, body, err := cluster.Get(t.Context(), "http://"+c.Servers[0].Addr+"/readyz")
			return errors.Join(err, errIf(!strings.Contains(body, `"connections":1`)))
		})
	}
	w := dialRaw(t, c.RoomURL()+"?history=0&name=mute")
	if got := w.hear(); got != "error too_slow" {
		t.Errorf("got %q, want to be told to wait", got)
	}
	if got := w.hear(); got != "close 4008" {
		t.Errorf("and then %q", got)
	}
}

// What was taken before a close is acked before it, also where publishing takes a while. With a Redis that does not answer the close does not wait
// for long.
func TestAcksComeBeforeTheClose(t *testing.T) {
	c, proxy := startBehindProxy(t, 1)
	for code, last := range map[int][]byte{1000: closing(1000, ""), 1003: masked(fin|opBinary, ""), 1002: masked(fin|opContinuation, "")} {
		for _, want := range [][]string{{"ack", "ack", "ack"}, nil} {
			w := dialRaw(t, fmt.Sprintf("%s?history=0&room=case-%d", c.ServerURL(0), rooms.Add(1)))
			w.next("welcome")
			if want == nil {
				proxy.Blackhole(fault.Both)
			} else {
				proxy.Delay(fault.Both, 50*time.Millisecond)
			}
			for range 3 {
				_, _ = w.conn.Write(masked(fin|opText, fmt.Sprintf(`{"type":"message","id":%q,"text":"last words"}`, newID())))
			}
			_, _ = w.conn.Write(last)
			var got []string
			for line := ""; line != "end" && len(got) < 10; {
				if line = w.hear(); !strings.HasPrefix(line, "message") {
					got = append(got, line)
				}
			}
			if want = append(want, fmt.Sprint("close ", code), "end"); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			proxy.Heal()
		}
	}
}

// Who talks and never listens lets nothing pile up in the server: it is cut as too slow, and reads so if it listens after all.
func TestDeafTalkers(t *testing.T) {
	c := start(t, cluster.Options{Servers: 1, Env: map[string]string{"WRITE_TIMEOUT": "60s", "RING_SIZE": "1024"}})
	const said = 5000
	pair := joinAll(t, 2, func(i int) client.Options {
		return client.Options{URL: []string{c.ServerURL(0), c.RoomURL()}[i], Room: "pair", Name: fmt.Sprint("pair-", i), History: new(0)}
	})
	var sent acked
	stop := talk(t, pair, &sent)
	for way, address := range map[string]string{"direct": c.ServerURL(0), "through HAProxy": c.RoomURL()} {
		room := fmt.Sprintf("case-%d", rooms.Add(1))
		listener := join(t, client.Options{URL: c.ServerURL(0), Room: room})
		w := dialRaw(t, address+"?history=0&room="+room)
		w.next("welcome")
		for range said {
			_, _ = w.conn.Write(masked(fin|opText, fmt.Sprintf(`{"type":"message","id":%q,"text":"%01000d"}`, newID(), 0)))
		}
		eventually(t, 20*time.Second, "all of it is in the log", func() error { at, _ := listener.Position(); return errIf(at.Seq < said) })
		if code, err := w.closeCode(); code != 4008 {
			t.Errorf("%s: closed with %d, %v, want 4008", way, code, err)
		}
	}
	stop()
	checkHistory(t, pair, &sent, 0)
}
