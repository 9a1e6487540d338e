package compose

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/internal/poll"
	"livechat/internal/testapi"
)

// account is a user of the API behind Nginx.
type account struct {
	*testapi.Person
	t *testing.T
}

func (s *stack) register(t *testing.T, name string) *account {
	t.Helper()
	a := &account{testapi.New(t, func() string { return "http://" + s.page }), t}
	a.must(http.StatusCreated, "POST", "/accounts/",
		map[string]string{"name": name, "password": testapi.Password})
	return a
}

func (a *account) must(want int, method, path string, body any) map[string]any {
	a.t.Helper()
	status, answer, err := a.Do(a.t.Context(), method, path, body)
	if err != nil || status != want {
		a.t.Fatalf("%s %s: %d %v, %v; want %d", method, path, status, answer, err, want)
	}
	return answer
}

// hasAccounts: two users chat through Nginx, HAProxy, two API servers,
// PostgreSQL and the socket of any server, while one API server is killed.
func (s *stack) hasAccounts(t *testing.T) {
	ann, bob := s.register(t, "ann"), s.register(t, "bob")
	chat := ann.must(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
	messages := "/chats/" + chat + "/messages/"

	ticket := bob.must(http.StatusCreated, "POST", "/ticket/", struct{}{})["ticket"].(string)
	dialer := websocket.Dialer{Subprotocols: []string{"livechat.user", "livechat.ticket." + ticket}}
	feed, resp, err := dialer.DialContext(t.Context(), "ws://"+s.room+"/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	defer feed.Close()
	if err := feed.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}

	send := func(i int) {
		t.Helper()
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		// HAProxy does not send a POST again that it has already sent to a server
		// which died; the page does, with the same id.
		poll.Until(t, "a message is taken", func() bool {
			status, answer, err := ann.Do(t.Context(), "POST", messages,
				map[string]string{"id": id, "text": fmt.Sprint("message ", i)})
			if err == nil && status != http.StatusCreated && status != http.StatusOK && status < 500 {
				t.Fatalf("message %d: %d %v", i, status, answer)
			}
			return err == nil && status < 300
		})
	}
	for i := range 20 {
		if i == 5 {
			out, err := s.command(t.Context(), s.compose("kill", "-s", "SIGKILL", "api")...).
				CombinedOutput()
			if err != nil {
				t.Fatalf("kill the API: %v %s", err, out)
			}
			if out, err = s.command(t.Context(),
				s.compose("up", "-d", "--no-build", "api")...).CombinedOutput(); err != nil {
				t.Fatalf("start the API again: %v %s", err, out)
			}
		}
		send(i + 1)
	}
	seen := map[int]bool{}
	for next := 1; next <= 20; {
		_, text, err := feed.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for message %d: %v", next, err)
		}
		var e struct {
			Type, Event, Text string
			N                 int
		}
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != "message" || e.Event != "message" {
			continue
		}
		if e.N != next || e.Text != fmt.Sprint("message ", next) || seen[e.N] {
			t.Errorf("event %d came, want %d: %s", e.N, next, text)
		}
		seen[e.N] = true
		next++
	}
	list := bob.must(http.StatusOK, "GET", messages, nil)["messages"].([]any)
	if len(list) != 20 {
		t.Errorf("%d messages are stored, want 20", len(list))
	}
	poll.Until(t, "the room is in the archive", func() bool {
		status, answer, err := bob.Do(t.Context(), "GET", "/rooms/livechat/messages/?limit=100", nil)
		return err == nil && status == http.StatusOK &&
			strings.Contains(fmt.Sprint(answer["messages"]), "hello from 1000")
	})
}
