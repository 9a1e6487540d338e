package protocol

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// Everything here goes through HAProxy, as a hostile client's data would.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 2, Env: map[string]string{"MESSAGE_RATE": "5"}})
	t.Run("query", func(t *testing.T) { testBadQuery(t, c) })
	t.Run("request", func(t *testing.T) { testBadRequest(t, c) })
	t.Run("close", func(t *testing.T) { testFramesThatClose(t, c) })
	t.Run("error", func(t *testing.T) { testFramesThatAreErrors(t, c) })
	t.Run("rate", func(t *testing.T) { testRate(t, c) })
}

func testBadQuery(t *testing.T, c *localcluster.Cluster) {
	for query, code := range map[string]string{
		"name=":                           "bad_name",
		"name=%20%20":                     "bad_name",
		"name=" + strings.Repeat("a", 33): "bad_name",
		"name=a%00b":                      "bad_name",
		"name=a%0Ab":                      "bad_name",
		"name=a%E2%80%AEb":                "bad_name", // right-to-left override
		"name=a%E2%81%A6b":                "bad_name", // isolate
		"name=a%FF":                       "bad_name", // not UTF-8
		"name=a%CC%82%CC%82%CC%82%CC%82":  "bad_name", // â with three more marks
		"room=Tea":                        "bad_room",
		"room=":                           "bad_room",
		"room=../x":                       "bad_room",
		"room=" + strings.Repeat("a", 33): "bad_room",
		"history=-1":                      "bad_history",
		"history=201":                     "bad_history",
		"history=many":                    "bad_history",
		"after=12":                        "bad_after",
		"after=0123456789abcdef:":         "bad_after",
		"after=0123456789abcdef:-1":       "bad_after",
		"after=0123456789ABCDEF:1":        "bad_after",
		"after=0123456789abcdef:99999999999999999": "bad_after",
	} {
		got := harness.Refusal(t, client.Options{URL: c.RoomURL() + "?" + query})
		if got.Status != http.StatusBadRequest || got.Code != code || got.Message == "" {
			t.Errorf("%s: %v, want 400 %s", query, got, code)
		}
	}
	// Unusual names that are valid.
	for _, name := range []string{strings.Repeat("ü", 32), "e\u0301", " ann ", "Ω", "名前", "a\u0301\u0302"} {
		conn := harness.Dial(t, client.Options{URL: c.RoomURL(), Name: name})
		if w := harness.Await[*client.Welcome](t, conn, nil); w.Name == "" ||
			w.Name != strings.TrimSpace(w.Name) {
			t.Errorf("%q became %q", name, w.Name)
		}
	}
}

// problem is a body of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func testBadRequest(t *testing.T, c *localcluster.Cluster) {
	room := "http://" + c.HAProxy.Addr
	for _, r := range []struct {
		path, code string
		header     http.Header
		status     int
	}{
		{"/ws", "upgrade_required", nil, http.StatusUpgradeRequired},
		{"/nothing/here", "not_found", nil, http.StatusNotFound},
		{"/ws", "forbidden_origin", http.Header{
			"Origin":                {"http://elsewhere.example"},
			"Connection":            {"Upgrade"},
			"Upgrade":               {"websocket"},
			"Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
		}, http.StatusForbidden},
	} {
		request, err := http.NewRequestWithContext(harness.Within(t, time.Minute), http.MethodGet,
			room+r.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range r.header {
			request.Header[name] = values
		}
		answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		var p problem
		if err := json.Unmarshal(body, &p); err != nil || p.Code != r.code || p.Status != r.status ||
			answer.StatusCode != r.status ||
			!strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %v %s, want %d %s", r.path, answer.StatusCode, answer.Header, body, r.status,
				r.code)
		}
	}

	host, _, _ := net.SplitHostPort(c.HAProxy.Addr)
	for origin, welcome := range map[string]bool{
		"http://" + host + ":1007":         true,
		"https://" + host:                  true,
		"http://" + host + ".evil.example": false,
		"null":                             false,
		"http://evil.example/" + host:      false,
	} {
		o := client.Options{URL: c.RoomURL(), Header: http.Header{"Origin": {origin}}}
		if welcome {
			harness.Dial(t, o)
		} else if got := harness.Refusal(t, o); got.Status != http.StatusForbidden ||
			got.Code != "forbidden_origin" {
			t.Errorf("origin %s: %v", origin, got)
		}
	}
}

func testFramesThatClose(t *testing.T, c *localcluster.Cluster) {
	const limit = 16384
	big := bytes.Repeat([]byte("a"), limit+1)
	for _, f := range []struct {
		name string
		code int
		send func(w *raw)
	}{
		{"binary", 1003, func(w *raw) { w.send(true, opBinary, []byte("hi")) }},
		{"bad UTF-8", 1007, func(w *raw) { w.send(true, opText, []byte("a\xffb")) }},
		{"bad UTF-8 in an object", 1007,
			func(w *raw) { w.send(true, opText, []byte("{\"type\":\"message\",\"text\":\"\xc0\x80\"}")) }},
		{"bad UTF-8 over fragments", 1007, func(w *raw) {
			w.send(false, opText, []byte("ok \xe2\x82")) // € without its last byte
			w.send(true, opContinuation, []byte("x"))
		}},
		{"unfinished UTF-8", 1007, func(w *raw) {
			w.send(false, opText, []byte("ok"))
			w.send(true, opContinuation, []byte("\xf0\x9f\x92"))
		}},
		{"one byte too many", 1009, func(w *raw) { w.send(true, opText, big) }},
		{"one byte too many in fragments", 1009, func(w *raw) {
			w.send(false, opText, big[:limit/2])
			w.send(false, opContinuation, big[:limit/2])
			w.send(true, opContinuation, big[:1])
		}},
		{"far too much", 1009, func(w *raw) { w.send(true, opText, bytes.Repeat(big, 64)) }},
		{"not masked", 1002, func(w *raw) { _, _ = w.conn.Write([]byte("\x81\x02hi")) }},
		{"unknown opcode", 1002, func(w *raw) { w.send(true, 0x3, nil) }},
		{"a client's goodbye", 1000, func(w *raw) { w.send(true, opClose, []byte{0x03, 0xe8}) }},
	} {
		w := dialRaw(t, c.RoomURL()+"?history=0&room=frames")
		w.next("welcome")
		f.send(w)
		if code, err := w.closeCode(); err != nil || code != f.code {
			t.Errorf("%s: closed with %d, %v, want %d", f.name, code, err, f.code)
		}
	}

	// A character split between two fragments with a ping in between is
	// accepted, and so is a frame of the full size.
	w := dialRaw(t, c.RoomURL()+"?history=0&room=frames")
	w.send(false, opText, []byte("split \xe2\x82"))
	w.send(true, opPing, []byte("in between"))
	w.send(true, opContinuation, []byte("\xac"))
	if m := w.next("message"); m.Text != "split €" {
		t.Errorf("got %+v", m)
	}
	w.send(true, opText, []byte(strings.Repeat("💬", 4000)+strings.Repeat(" ", limit-16000-1)+"."))
	if e := w.next("error"); e.Code != "too_long" {
		t.Errorf("a full frame with a text that is too long: %+v", e)
	}
}

func testFramesThatAreErrors(t *testing.T, c *localcluster.Cluster) {
	w := dialRaw(t, c.RoomURL()+"?history=0&room=errors")
	w.next("welcome")
	bad := []string{
		`{"type":"message","text":"cut`,
		`{"type":"message","text":"a","text":"b"}`,
		`{"type":"of-the-future"}`,
		`{"type":"message","text":5}`,
	}
	for _, b := range bad {
		w.send(true, opText, []byte(b))
		if e := w.next("error"); e.Code != "bad_request" || e.Retryable {
			t.Errorf("%s: %+v, want bad_request", b, e)
		}
	}
	w.send(true, opText, object("still here"))
	if m := w.next("message"); m.Text != "still here" || m.ID == "" {
		t.Errorf("got %+v", m)
	}
	w.send(true, opText, []byte(`{"type":"message","text":"trailing"} x`))
	if code, err := w.closeCode(); code != 4500 {
		t.Errorf("the fifth bad frame in a minute closed with %d, %v, want 4500", code, err)
	}

	conn := harness.Dial(t, client.Options{URL: c.RoomURL(), Room: "errors"})
	for text, code := range map[string]string{
		strings.Repeat("é", 4001): "too_long",
		"a\x00b":                  "bad_text",
		"a\x1bb":                  "bad_text",
		"":                        "bad_text",
	} {
		id := harness.NewID()
		if err := conn.Post(id, text); err != nil {
			t.Fatal(err)
		}
		if e := harness.Await[*client.Error](t, conn, nil); e.Code != code || e.ID != id {
			t.Errorf("%.10q: %+v, want %s with the id", text, e, code)
		}
	}
	harness.Say(t, conn, strings.Repeat("é", 4000))
}

func testRate(t *testing.T, c *localcluster.Cluster) {
	conn := harness.Dial(t, client.Options{URL: c.RoomURL(), Room: "rate"})
	const posted = 15
	for i := range posted {
		if err := conn.Post(harness.NewID(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	acks, limited := 0, 0
	for acks+limited < posted {
		event, err := conn.Next(harness.Within(t, time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case *client.Ack:
			acks++
		case *client.Error:
			if e.Code != "rate_limited" || !e.Retryable || e.RetryAfter() <= 0 ||
				e.RetryAfter() > 2*time.Second || e.ID == "" {
				t.Errorf("declined with %+v", e)
			}
			limited++
		}
	}
	if acks < 10 || acks > 13 {
		t.Errorf(
			"%d of %d messages at once were accepted, want the burst of 10 and what is added meanwhile",
			acks, posted)
	}

	// A session that is told to slow down does so and loses nothing.
	patient := harness.Join(t, client.Options{URL: c.RoomURL(), Room: "patient"})
	var sent harness.Acked
	for i := range 14 {
		text := fmt.Sprint(i)
		ack, err := patient.Send(harness.Within(t, time.Minute), text)
		if err != nil {
			t.Fatal(err)
		}
		sent.Add(ack, text)
	}
	harness.CheckHistory(t, []*harness.Member{patient}, &sent, 0)

	// A client that never slows down is closed and may come back.
	w := dialRaw(t, c.RoomURL()+"?history=0&room=flood")
	go func() {
		for range 2000 {
			w.send(true, opText, []byte("flood"))
		}
	}()
	if code, err := w.closeCode(); code != 4013 {
		t.Errorf("a flood was closed with %d, %v, want 4013", code, err)
	}
}
