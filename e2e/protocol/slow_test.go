package protocol

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
	"livechat/e2e/faultproxy"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// heavy is a message of nearly 16 KB. 700 of them fill all buffers on the way
// to a reader that has stopped.
var heavy = strings.Repeat("💬", 3900)

const heavies = 700

// publishHeavy publishes n heavy messages, only slightly faster than they are
// acked.
func publishHeavy(t *testing.T, conn *client.Conn, n int) (last uint64) {
	t.Helper()
	const ahead = 20
	for i := range n + ahead {
		if i < n {
			if err := conn.Post(harness.NewID(), heavy); err != nil {
				t.Fatalf("send: %v", err)
			}
		}
		if i >= ahead {
			last = max(last, harness.Await[*client.Ack](t, conn, nil).Seq)
		}
	}
	return last
}

// dozingReader is a session that can be told to stop reading.
type dozingReader struct {
	*client.Session
	lost  chan *client.Disconnected
	awake sync.RWMutex
}

func joinDozing(t *testing.T, o client.Options) *dozingReader {
	d := &dozingReader{lost: make(chan *client.Disconnected, 100)}
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

// caughtUp waits until the session has received everything up to seq.
func (d *dozingReader) caughtUp(t *testing.T, seq uint64) {
	t.Helper()
	harness.Eventually(t, time.Minute, "the slow reader catches up", func() error {
		if at, _ := d.Position(); at.Seq < seq {
			return fmt.Errorf("it is at %d of %d", at.Seq, seq)
		}
		return nil
	})
}

// A reader that stops is cut off with 4008 and resumes. The third time in a
// minute it is told to stay away and does so. The others receive everything.
func TestSlowReaderIsToldToWait(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Servers: 1, Env: map[string]string{"RING_SIZE": "256", "WRITE_TIMEOUT": "30s"}})
	for way, address := range map[string]string{"direct": c.ServerURL(0), "through HAProxy": c.RoomURL()} {
		t.Run(way, func(t *testing.T) {
			room := "slow-" + strings.Fields(way)[0]
			talker := harness.Dial(t, client.Options{URL: c.ServerURL(0), Room: room, Name: "talker"})
			other := harness.Join(t, client.Options{URL: address, Room: room, Name: "other", History: new(0)})
			d := joinDozing(t, client.Options{
				URL:        address,
				Room:       room,
				Name:       "slow",
				MinBackoff: time.Millisecond,
				MaxBackoff: time.Millisecond,
			})
			last := harness.Say(t, talker, "welcome")
			for cut := 1; cut <= 3; cut++ {
				d.caughtUp(t, last)
				d.awake.Lock()
				last = publishHeavy(t, talker, heavies)
				d.awake.Unlock()
				var e *client.Disconnected
				select {
				case e = <-d.lost:
				case <-time.After(20 * time.Second):
					t.Fatalf("it was not cut off, attempt %d", cut)
				}
				var end *client.CloseError
				if !errors.As(e.Err, &end) || end.Code != 4008 {
					t.Fatalf("cut %d: %v, want 4008", cut, e.Err)
				}
				if told := end.RetryAfter > 0; told != (cut == 3) ||
					told && (e.Wait < end.RetryAfter || end.RetryAfter > time.Minute) {
					t.Errorf("cut %d: told to stay away for %v, but waits %v", cut, end.RetryAfter, e.Wait)
				}
			}
			harness.Eventually(t, time.Minute, "the others receive everything", func() error {
				if at, _ := other.Position(); at.Seq < last {
					return fmt.Errorf("it is at %d of %d", at.Seq, last)
				}
				return nil
			})
			if _, lost := other.Connections(); lost > 0 {
				t.Errorf("the other lost %d connections", lost)
			}

			// A client that ignores this is told again, and let in under
			// another name.
			w := dialRaw(t, address+"?history=0&name=slow&room="+room)
			if e := w.next("error"); e.Code != "too_slow" || !e.Retryable || e.RetryAfter <= 0 ||
				e.RetryAfter > 60_000 {
				t.Errorf("told %+v", e)
			}
			if got := w.nextLine(); got != "close 4008" {
				t.Errorf("followed by %q", got)
			}
			dialRaw(t, address+"?history=0&name=other&room="+room).next("welcome")
		})
	}
}

// A reader that accepts nothing for the write timeout is cut off without a
// frame, since there is no room for one. It is told to wait when it comes back.
func TestStoppedReaderIsToldToWait(t *testing.T) {
	c := harness.Start(t, localcluster.Options{Servers: 1, Env: map[string]string{"WRITE_TIMEOUT": "300ms"}})
	talker := harness.Dial(t, client.Options{URL: c.ServerURL(0), Name: "talker"})
	for range 3 {
		w := dialRaw(t, c.RoomURL()+"?history=0&name=mute")
		w.next("welcome")
		publishHeavy(t, talker, heavies)
		harness.Eventually(t, time.Minute, "the stopped reader is cut off", func() error {
			_, body, err := localcluster.Get(t.Context(), "http://"+c.Servers[0].Addr+"/readyz")
			return errors.Join(err, harness.ErrIf(!strings.Contains(body, `"connections":1`)))
		})
	}
	w := dialRaw(t, c.RoomURL()+"?history=0&name=mute")
	if got := w.nextLine(); got != "error too_slow" {
		t.Errorf("got %q, want to be told to wait", got)
	}
	if got := w.nextLine(); got != "close 4008" {
		t.Errorf("followed by %q", got)
	}
}

// Messages accepted before a close are acked before it, even if publishing
// takes a while. If Redis does not answer, the close does not wait for long.
func TestAcksComeBeforeTheClose(t *testing.T) {
	c, proxy := harness.StartBehindProxy(t, 1)
	for code, last := range map[int][]byte{
		1000: closing(1000, ""), 1003: masked(fin|opBinary, ""), 1002: masked(fin|opContinuation, ""),
	} {
		for _, want := range [][]string{{"ack", "ack", "ack"}, nil} {
			w := dialRaw(t, fmt.Sprintf("%s?history=0&room=case-%d", c.ServerURL(0), rooms.Add(1)))
			w.next("welcome")
			if want == nil {
				proxy.Blackhole(faultproxy.Both)
			} else {
				proxy.Delay(faultproxy.Both, 50*time.Millisecond)
			}
			for range 3 {
				_, _ = w.conn.Write(
					masked(fin|opText,
						fmt.Sprintf(`{"type":"message","id":%q,"text":"last words"}`, harness.NewID())),
				)
			}
			_, _ = w.conn.Write(last)
			var got []string
			for line := ""; line != "end" && len(got) < 10; {
				if line = w.nextLine(); !strings.HasPrefix(line, "message") {
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

// A client that publishes and never reads piles nothing up in the server. It is
// cut off as too slow, and receives that code if it reads after all.
func TestPublisherThatNeverReadsIsCutOff(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Servers: 1, Env: map[string]string{"WRITE_TIMEOUT": "60s", "RING_SIZE": "1024"}})
	const said = 5000
	pair := harness.JoinAll(t, 2, func(i int) client.Options {
		return client.Options{
			URL:     []string{c.ServerURL(0), c.RoomURL()}[i],
			Room:    "pair",
			Name:    fmt.Sprint("pair-", i),
			History: new(0),
		}
	})
	var sent harness.Acked
	stop := harness.Talk(t, pair, &sent)
	for way, address := range map[string]string{"direct": c.ServerURL(0), "through HAProxy": c.RoomURL()} {
		room := fmt.Sprintf("case-%d", rooms.Add(1))
		listener := harness.Join(t, client.Options{URL: c.ServerURL(0), Room: room})
		w := dialRaw(t, address+"?history=0&room="+room)
		w.next("welcome")
		for range said {
			_, _ = w.conn.Write(
				masked(fin|opText,
					fmt.Sprintf(`{"type":"message","id":%q,"text":"%01000d"}`, harness.NewID(), 0)),
			)
		}
		harness.Eventually(t, time.Minute, "all messages are in the log",
			func() error { at, _ := listener.Position(); return harness.ErrIf(at.Seq < said) })
		if code, err := w.closeCode(); code != 4008 {
			t.Errorf("%s: closed with %d, %v, want 4008", way, code, err)
		}
	}
	stop()
	harness.CheckHistory(t, pair, &sent, 0)
}
