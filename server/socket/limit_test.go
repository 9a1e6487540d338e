package socket

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimiter(5, 10)
	for i := range 10 {
		if wait, _ := l.take(now); wait != 0 {
			t.Fatalf("message %d of the burst has to wait %v", i, wait)
		}
	}
	wait, persists := l.take(now)
	if wait != 200*time.Millisecond || persists {
		t.Errorf("the 11th message: wait %v, persists %v", wait, persists)
	}
	if wait, _ := l.take(now.Add(200 * time.Millisecond)); wait != 0 {
		t.Errorf("after the wait it has to wait %v more: refusals must not count", wait)
	}

	// A client that keeps sending in spite of refusals is closed, at 20
	// refusals in 10 seconds.
	now = now.Add(time.Hour)
	refused := 0
	for at := now; ; at = at.Add(50 * time.Millisecond) {
		wait, persists := l.take(at)
		if wait > 0 {
			refused++
		}
		if persists {
			if refused != 21 {
				t.Errorf("closed after %d refusals", refused)
			}
			break
		}
		if at.Sub(now) > time.Minute {
			t.Fatal("not closed after a minute at four times the rate")
		}
	}

	// A client that is slightly too fast is refused now and then, but never
	// closed.
	l = newLimiter(5, 10)
	for i := range 1000 {
		if _, persists := l.take(now.Add(time.Duration(i) * 180 * time.Millisecond)); persists {
			t.Fatalf("closed at message %d, at 5.6 messages per second", i)
		}
	}

	// Messages sent while the server did not read are not too fast, up to a
	// limit.
	l = newLimiter(5, 10)
	for range 10 {
		l.take(now)
	}
	l.hold(4 * time.Second)
	for i := range 20 {
		if wait, _ := l.take(now); wait != 0 {
			t.Fatalf("message %d of 20 sent during a pause of 4 s has to wait %v", i, wait)
		}
	}
	if wait, _ := l.take(now); wait == 0 {
		t.Error("the 21st message does not have to wait")
	}
	l.hold(time.Hour)
	if l.credit > 50 {
		t.Errorf("a long pause grants %v messages", l.credit)
	}

	l = newLimiter(0, 10)
	for range 1000 {
		if wait, _ := l.take(now); wait != 0 {
			t.Fatal("a message has to wait without a limit")
		}
	}
}

func TestPenalties(t *testing.T) {
	var s penalties
	now := time.Unix(1_000_000, 0)
	for i := range 4 {
		if s.hit(now.Add(time.Duration(i)*time.Second), maxBadRequests, time.Minute) {
			t.Fatalf("hit %d was one too many", i+1)
		}
	}
	if !s.hit(now.Add(59*time.Second), maxBadRequests, time.Minute) {
		t.Error("the fifth hit in a minute was not one too many")
	}
	if s.hit(now.Add(3*time.Minute), maxBadRequests, time.Minute) {
		t.Error("an old hit still counts")
	}
}
