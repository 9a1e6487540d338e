package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/load/plan"
	"livechat/load/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idle watches nothing.
type idle struct{}

func (idle) Find()                      {}
func (idle) Look() map[string]run.Usage { return nil }
func (idle) Self() run.Usage            { return run.Usage{} }

func start(t *testing.T, secret string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := Worker{Version: "one", Secret: secret, Watcher: idle{},
		Check:  func(*plan.Settings) error { return errors.New("checked") },
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

var settings = plan.Settings{URLs: []string{"ws://127.0.0.1:1"}, Clients: 2, Rate: 1, Rooms: 1, Bytes: 1,
	For: time.Second, Handshakes: 1, Scenario: plan.Scenario{Name: "steady"}}

const secret, other = "the secret of a test", "another secret of it"

// A worker takes only coordinators with its version and its secret. The first
// error behind the greeting is that of Check, from the run itself.
func TestWorkerTakesOnlyItsOwn(t *testing.T) {
	for _, test := range []struct{ name, worker, coordinator, version, want string }{
		{"no secrets", "", "", "one", ": checked"},
		{"one secret", secret, secret, "one", ": checked"},
		{"another version", "", "", "two", "it runs version one of the load tool, and this is two"},
		{"another version with a secret", secret, secret, "two", "use the same revision"},
		{"another secret", secret, other, "one", "LOAD_SECRET"},
		{"a secret only there", secret, "", "one", "LOAD_SECRET"},
		{"a secret only here", "", secret, "one", "LOAD_SECRET"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := start(t, test.worker)
			c := Coordinator{Workers: []string{address}, Version: test.version, Secret: test.coordinator,
				Watcher: idle{}}
			_, err := c.Do(t.Context(), settings)
			if err == nil || !strings.Contains(err.Error(), "worker "+address+": ") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// A peer that does not speak the protocol, such as a browser that a web page
// has sent, is hung up on. A second coordinator is told about the first.
func TestWorkerHangsUp(t *testing.T) {
	address := start(t, "")
	say := func(text string) (net.Conn, string) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(conn).ReadString('\n') // an error is an answer, too
		return conn, line
	}
	for _, text := range []string{"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\n",
		strings.Repeat("x", 2*maxLine)} {
		if _, answer := say(text); answer != "" {
			t.Errorf("%.20q is answered with %q", text, answer)
		}
	}
	first, answer := say(greeting + "one\n")
	if answer != accepted+"\n" {
		t.Errorf("the first coordinator is told %q", answer)
	}
	busy := fmt.Sprintf("it is in a run of %s\n", first.LocalAddr())
	if _, answer := say(greeting + "one\n"); answer != busy {
		t.Errorf("the second coordinator is told %q", answer)
	}
	_ = first.Close()
	if _, answer := say(greeting + "one\n"); answer != accepted+"\n" {
		t.Errorf("the next coordinator is told %q", answer)
	}
}

func TestSecrets(t *testing.T) {
	for _, test := range []struct{ listen, secret, want string }{
		{"127.0.0.1:1", "", ""},
		{"[::1]:1", "", ""},
		{"localhost:1", "", ""},
		{":1", secret, ""},
		{":1", "", "set LOAD_SECRET"},
		{"0.0.0.0:1", "", "set LOAD_SECRET"},
		{"192.0.2.1:1", "", "set LOAD_SECRET"},
		{"192.0.2.1:1", "short", "at least 16"},
		{"127.0.0.1:1", "short", "at least 16"},
		{"127.0.0.1", "", "want host:port"},
	} {
		err := CheckListen(test.listen, test.secret)
		if test.want == "" && err != nil ||
			test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q with %q: %v, want %q", test.listen, test.secret, err, test.want)
		}
	}
}

// The offset of a clock is exact if both ways take the same time, and wrong by
// no more than its error if not.
func TestReading(t *testing.T) {
	began := time.Now()
	const ahead, wallAhead = 42 * time.Minute, 3 * time.Second
	for _, test := range []struct{ there, busy, back time.Duration }{
		{time.Millisecond, 0, time.Millisecond},
		{time.Millisecond, 7 * time.Millisecond, time.Millisecond},
		{9 * time.Millisecond, time.Millisecond, time.Millisecond},
		{0, 0, 20 * time.Millisecond},
	} {
		sent := began.Add(time.Second)
		arrived := sent.Add(test.there)
		left := arrived.Add(test.busy)
		received := left.Add(test.back)
		r := newReading(began, sent, received, &pong{Received: arrived.Sub(began) + ahead,
			Sent: left.Sub(began) + ahead, Wall: left.Add(wallAhead)})
		if wrong := (r.offset - ahead).Abs(); r.error != (test.there+test.back)/2 || wrong > r.error ||
			test.there == test.back && wrong != 0 {
			t.Errorf("%+v: %+v", test, r)
		}
		if wrong := (r.wall - wallAhead).Abs(); wrong > r.error {
			t.Errorf("%+v: the calendar is %s ahead", test, r.wall)
		}
	}
}

// The furthest position of each log counts.
func TestFurthest(t *testing.T) {
	got := furthest([]run.Position{{Room: 1, Epoch: "a", Seq: 5}, {Room: 0, Epoch: "a", Seq: 9},
		{Room: 1, Epoch: "b", Seq: 1}, {Room: 1, Epoch: "a", Seq: 7}, {Room: 1, Epoch: "a", Seq: 6}})
	want := []run.Position{{Room: 0, Epoch: "a", Seq: 9}, {Room: 1, Epoch: "a", Seq: 7},
		{Room: 1, Epoch: "b", Seq: 1}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
