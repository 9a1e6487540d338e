package peer

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// script serves one client: lines that begin with < are sent to it, with > what
// has to come from it. Then the server closes the connection with 4000.
func script(t *testing.T, lines ...string) (url string) {
	t.Helper()
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		for _, line := range lines {
			if text, ok := strings.CutPrefix(line, "<"); ok {
				if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
					t.Error(err)
				}
				continue
			}
			if _, got, err := conn.ReadMessage(); err != nil || ">"+string(got) != line {
				t.Errorf("got %q, %v; want %q", got, err, line)
				return
			}
		}
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "the end"),
			time.Now().Add(30*time.Second))
	}))
	t.Cleanup(func() { <-done; s.Close() })
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// dial connects to a server of that kind.
func dial(t *testing.T, target string, o Options) (Conn, error) {
	t.Helper()
	kind, err := ByName(target)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := kind.Dial(ctx, o)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// events reads until the server closes the connection with 4000.
func events(t *testing.T, c Conn) (all []string) {
	t.Helper()
	for {
		e, err := c.Next()
		if err != nil {
			if CloseCode(err) != 4000 {
				t.Errorf("ended by %v", err)
			}
			return all
		}
		switch e.Kind {
		case Text:
			all = append(all, string(e.Text))
		case Acked:
			all = append(all, "acked "+string('0'+rune(e.Number)))
		case Refused:
			all = append(all, "refused "+string('0'+rune(e.Number))+": "+e.Code)
		}
	}
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCentrifugo(t *testing.T) {
	url := script(t,
		`>{"id":1,"connect":{}}`, `<{"id":1,"connect":{"client":"x","node":"n1","ping":25,"pong":true}}`,
		`>{"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e","offset":7}}`, `<{}`, `>{}`,
		`<{"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":9,"recovered":true,`+
			`"publications":[{"data":"eight","offset":8},{"data":"nine","offset":9}]}}`+"\n"+
			`{"push":{"channel":"tea","pub":{"data":"ten","offset":10}}}`,
		`>{"id":4,"publish":{"channel":"tea","data":"mine"}}`, `<{}`, `>{}`,
		`<{"id":4,"publish":{}}`+"\n"+`{"id":5,"error":{"code":103,"message":"permission denied"}}`,
		`<{"push":{"channel":"tea","pub":{"data":"a \"quote\"","offset":11,"info":{}}}}`,
		`<{"push":{"channel":"teapot","pub":{"data":"of another channel","offset":99}}}`,
		`<{"push":{"channel":"tea","pub":{"data":{"no":"text"},"offset":12}}}`,
		`<{"push":{"channel":"tea","join":{}}}`)
	c, err := dial(t, "centrifugo", Options{URL: url, Room: "tea", Resume: &Position{Epoch: "e", Offset: 7}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Server() != "n1" || c.Position().Offset != 7 {
		t.Errorf("server %q, position %+v", c.Server(), c.Position())
	}
	if err := c.Publish(1, "mine"); err != nil {
		t.Fatal(err)
	}
	compare(t, events(t, c), "eight", "nine", "ten", "acked 1", "refused 2: 103 permission denied",
		`a "quote"`, "")
	if p := c.Position(); p.Epoch != "e" || p.Offset != 12 {
		t.Errorf("position %+v", p)
	}
}

func TestCentrifugoLetsNobodyIn(t *testing.T) {
	url := script(t, `>{"id":1,"connect":{}}`, `<{"id":1,"error":{"code":101,"message":"unauthorized"}}`)
	if _, err := dial(t, "centrifugo", Options{URL: url}); err == nil ||
		!strings.Contains(err.Error(), "unauthorized: without a token") {
		t.Error(err)
	}
	url = script(t, `<{"type":"welcome"}`, `>{"id":1,"connect":{}}`)
	if _, err := dial(t, "centrifugo", Options{URL: url}); err == nil {
		t.Error("livechat was taken for Centrifugo")
	}
}

const engineOpen = `<0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

func TestSocketIO(t *testing.T) {
	url := script(t, engineOpen, `>40/tea,`, `<2`, `>3`, `<40/tea,{"sid":"y"}`,
		`>42/tea,["message","mine"]`, `<42/tea,["message","mine"]`, `<2`, `>3`,
		`<42/teapot,["message","of another namespace"]`, `<42["message","of another namespace"]`,
		`<42/tea,["typing","no message"]`, `<42/tea,["message","a \"quote\"",1]`)
	c, err := dial(t, "socketio", Options{URL: url, Room: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Publish(1, "mine"); err != nil {
		t.Fatal(err)
	}
	compare(t, events(t, c), "mine", `a "quote"`)
}

func TestSocketIOsMainNamespace(t *testing.T) {
	url := script(t, engineOpen, `>40`, `<40{"sid":"y"}`, `<42["message","all"]`,
		`<42/tea,["message","of another namespace"]`)
	c, err := dial(t, "socketio", Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, events(t, c), "all")
	url = script(t, engineOpen, `>40/tea,`, `<44/tea,{"message":"Invalid namespace"}`)
	if _, err := dial(t, "socketio", Options{URL: url, Room: "/tea"}); err == nil ||
		!strings.Contains(err.Error(), "Invalid namespace") {
		t.Error(err)
	}
}
