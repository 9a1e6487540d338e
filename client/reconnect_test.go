package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The old connection is used until the new one is established, then closed;
// what both bring is delivered once.
func TestReconnectOverlaps(t *testing.T) {
	used := make(chan struct{})
	gate := func(n int) {
		if n == 1 {
			<-used
		}
	}
	m := follow(t, Options{URL: serveBehind(t, gate, func(p *peer) {
		p.send(welcome("e", 1), message(1), `{"type":"reconnect","after_ms":1}`)
		r, _ := p.receive()
		p.send(`{"type":"ack","id":"`+r.ID+`","seq":2}`, message(2))
		close(used)
		if code := p.untilGone(); code != websocket.CloseNormalClosure {
			t.Errorf("the old connection was left with %d, want 1000", code)
		}
	}, func(p *peer) {
		p.send(welcome("e", 2), message(1), message(2), message(3))
		p.untilGone()
	})})
	m.expect("w1", "1", "&{AfterMS:1}")
	if ack, err := m.Send(within(t), "in between"); err != nil || ack.Seq != 2 {
		t.Errorf("send: %+v, %v", ack, err)
	}
	var got []string
	for len(got) == 0 || got[len(got)-1] != "3" {
		select {
		case e := <-m.events:
			got = append(got, short(e))
		case <-time.After(patience):
			t.Fatalf("got no more than %v", got)
		}
	}
	// the old one may have been closed before it was read to the end
	if s := strings.Join(got, " "); s != "2 w2 3" && s != "w2 2 3" {
		t.Errorf("got %s, want 2 and 3 once", s)
	}
}

func TestSuccessorIsExpeditedWhenTheConnectionIsLost(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1), `{"type":"reconnect","after_ms":3600000}`)
		p.close(websocket.CloseServiceRestart)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A1&name=guest-1f")
		p.send(welcome("e", 2), message(2))
		p.untilGone()
	})})
	m.expect("w1", "1", "&{AfterMS:3600000}", "w2", "2")
}

// A server that disconnected a client too often says how long to stay away;
// that is added to the usual wait, this time only.
func TestHonoursRetryAfter(t *testing.T) {
	const told = 250 * time.Millisecond
	m := follow(t, Options{MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond,
		URL: serve(t, func(p *peer) {
			p.send(welcome("e", 0), `{"type":"error","code":"too_slow","retryable":true,"retry_after_ms":250}`)
			p.close(4008)
			p.untilGone()
		}, func(p *peer) {
			p.send(welcome("e", 1))
			p.close(4008)
			p.untilGone()
		}, func(p *peer) {
			p.send(welcome("e", 2))
			p.untilGone()
		})})
	lost := func(want time.Duration) {
		t.Helper()
		d, _ := (<-m.events).(*Disconnected)
		var end *CloseError
		if d == nil || !errors.As(d.Err, &end) || end.Code != 4008 || end.RetryAfter != want ||
			d.Wait < want || d.Wait > want+time.Millisecond {
			t.Errorf("got %+v, want 4008 and a wait of %v", d, want)
		}
	}
	m.expect("w0", "the server says too_slow: ")
	lost(told)
	m.expect("w1")
	lost(0)
	m.expect("w2")
}

func TestStopsWhenTheServerSaysSo(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		p.close(4500)
		p.untilGone()
	})})
	var end *CloseError
	if err := <-m.end; !errors.As(err, &end) || end.Code != 4500 {
		t.Errorf("run: %v, want closed with 4500", err)
	}
	if _, err := m.Send(within(t), "a"); !errors.Is(err, ErrEnded) {
		t.Errorf("send: %v, want %v", err, ErrEnded)
	}

}

func TestReconnectsUntilAServerAccepts(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":"bad_name"}`)
	}))
	defer server.Close()
	m := follow(t, Options{URL: server.URL})
	var refusal *RefusedError
	if err := <-m.end; !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
		t.Errorf("run: %v, want the refusal that is final", err)
	}
	m.expect("x", "x", "x")
}

func TestBackoffGrowsAndStops(t *testing.T) {
	o := Options{MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second}.withDefaults()
	for attempt, bound := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		bound *= time.Millisecond
		longest := time.Duration(0)
		for range 1000 {
			longest = max(longest, o.backoff(attempt, nil))
		}
		if longest >= bound || longest < bound*8/10 {
			t.Errorf("attempt %d waits up to %v, want just under %v", attempt, longest, bound)
		}
	}
	if got := o.backoff(1000, &RefusedError{RetryAfter: time.Minute}); got < time.Minute {
		t.Errorf("waits %v, though the server asked for a minute", got)
	}
}

func TestFinalRefusals(t *testing.T) {
	for _, c := range []struct {
		refusal RefusedError
		want    bool
	}{
		{RefusedError{Status: 400, Code: "bad_name"}, true},
		{RefusedError{Status: 400}, false}, // from a proxy whose request broke off
		{RefusedError{Status: 403, Code: "forbidden_origin"}, true},
		{RefusedError{Status: 404}, true},
		{RefusedError{Status: 429, Code: "too_many_connections"}, false},
		{RefusedError{Status: 503}, false},
	} {
		if got := c.refusal.Final(); got != c.want {
			t.Errorf("%v: final %v, want %v", &c.refusal, got, c.want)
		}
	}
}
