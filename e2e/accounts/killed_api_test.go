// Package accounts tests accounts, private chats and the archive on a whole
// cluster: what the API has confirmed is stored and delivered once, whatever
// dies.
package accounts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testapi"
	"livechat/internal/testpg"

	"github.com/google/uuid"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	kills = 20
	rate  = 200 // messages a second
)

// user is a user who is logged in and sends requests to any API process.
type user struct {
	*testapi.Person
	t *testing.T
}

// must repeats a request until it succeeds: any API process may be dead just
// now.
func (s *user) must(method, path string, body any) map[string]any {
	s.t.Helper()
	var last string
	for ctx := s.t.Context(); ctx.Err() == nil; {
		status, answer, err := s.Do(ctx, method, path, body)
		if err == nil && status < 300 {
			return answer
		}
		if last = fmt.Sprint(status, answer, err); err == nil && status < 500 &&
			status != http.StatusConflict {
			s.t.Fatalf("%s %s: %s", method, path, last)
		}
	}
	s.t.Fatalf("%s %s: %s", method, path, last)
	return nil
}

func register(t *testing.T, apis []*localcluster.Part, name string) *user {
	t.Helper()
	any := func() string { return "http://" + apis[rand.IntN(len(apis))].Addr }
	s := &user{testapi.New(t, any), t}
	s.must("POST", "/accounts/", map[string]string{"name": name, "password": testapi.Password})
	return s
}

// Each message with a 201 is in PostgreSQL and delivered exactly once, in
// order, while API processes are killed again and again under load.
func TestKilledAPIProcessesLoseNoPrivateMessage(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"redis-server", "haproxy"} {
		need.Program(t, program)
	}
	db := testpg.New(t).Database()
	binary, err := localcluster.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := localcluster.Start(t.Context(), localcluster.Options{
		Servers: 2,
		API:     3,
		DB:      db,
		Binary:  binary,
		Env:     map[string]string{"POST_RATE": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	ann, bob := register(t, c.APIs, "ann"), register(t, c.APIs, "bob")
	chat := ann.must("POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
	feeds := []*deliveries{{times: map[string]int{}, order: true}, {times: map[string]int{}, order: true}}
	defer listenToFeed(t, bob, c.ServerURL(0)+"feed", feeds[0])()
	defer listenToFeed(t, ann, c.ServerURL(1)+"feed", feeds[1])()

	// The load: each message is sent with the same id until an API process
	// confirms it.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ids []string
	var posts sync.WaitGroup
	loading := make(chan struct{})
	go func() {
		defer close(loading)
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			id := uuid.NewString()
			ids = append(ids, id)
			posts.Go(func() {
				for t.Context().Err() == nil {
					status, answer, err := ann.Do(t.Context(), "POST", "/chats/"+chat+"/messages/",
						map[string]string{"id": id, "text": "message " + id})
					if err == nil && status < 300 {
						return
					}
					if err == nil && status < 500 {
						t.Errorf("post: %d %v", status, answer)
						return
					}
				}
			})
		}
	}()
	for i := range kills {
		api := c.APIs[i%len(c.APIs)]
		before := feeds[0].count()
		if err := api.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := api.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		// something was delivered since then
		if !waitFor(before+rate/5, feeds[0].count) {
			t.Fatalf("nothing was delivered for %s after kill %d; connections of the feed that ended: %v",
				patience, i+1, feeds[0].ended())
		}
	}
	cancel()
	<-loading
	posts.Wait()

	stored := map[string]bool{}
	for after := 0; ; {
		page := "before=101" // the first hundred
		if after > 0 {
			page = fmt.Sprint("after=", after)
		}
		list := bob.must("GET", "/chats/"+chat+"/messages/?limit=100&"+page, nil)["messages"].([]any)
		for _, one := range list {
			m := one.(map[string]any)
			if n := int(m["n"].(float64)); n != after+1 {
				t.Fatalf("message %d is stored after %d", n, after)
			}
			after++
			stored[m["id"].(string)] = true
		}
		if len(list) < 100 {
			break
		}
	}
	for _, feed := range feeds {
		waitFor(len(ids), feed.count)
	}
	t.Logf("%d messages were confirmed, %d are stored, %d and %d were received, over %d kills", len(ids),
		len(stored), feeds[0].count(), feeds[1].count(), kills)
	if len(stored) != len(ids) {
		t.Errorf("%d messages are stored, want %d", len(stored), len(ids))
	}
	for _, h := range feeds {
		t.Logf("connections of the feed that ended: %v", h.ended())
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.order {
			t.Error("a feed was out of order")
		}
		for _, id := range ids {
			if n := h.times[id]; n != 1 || !stored[id] {
				t.Fatalf("message %s was received %d times; stored: %v", id, n, stored[id])
			}
		}
	}
}
