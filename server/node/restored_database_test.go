package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/store"
)

// The database is replaced by an older copy, while Redis and the sockets stay
// as they are. An account made after that must have nothing in common with one
// that the copy lacks: neither reads what was meant for the other.
func TestFeedAfterOlderDatabase(t *testing.T) {
	databases := map[string]func(t *testing.T) (url string){
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "livechat.db") },
		"postgres": func(t *testing.T) string { return testpg.New(t).Database() },
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feedAfterOlderDatabase(t, database(t), database(t))
		})
	}
}

func feedAfterOlderDatabase(t *testing.T, present, restored string) {
	r := testredis.New(t)
	r.Start()
	redis := "REDIS_URL=" + r.URL
	sockets := start(t, redis, "ROLE=ws")
	api := startOnly(t, redis, "ROLE=api", "APPID=api", "DATABASE_URL="+present)
	bob := newAPIUser(t, api, "bob")
	bob.register()
	backup := exported(t, present)

	ann := newAPIUser(t, api, "ann")
	ann.register()
	annFeed := ann.socket(sockets, "/feed")
	bob.writes(ann, "a secret")
	annFeed.wantEvent(0, "message 1 bob: a secret")
	ticket := ann.do(http.StatusCreated, "POST", "/ticket/", struct{}{})["ticket"].(string)

	stop(t, api)
	imported(t, restored, backup)
	api = startOnly(t, redis, "ROLE=api", "APPID=api", "DATABASE_URL="+restored)
	bob.base = "http://" + api.Addr()
	bob.login()
	eve := newAPIUser(t, api, "eve") // the first account after the restored ones, as ann was
	eve.register()
	feeds := []*peer{eve.socket(sockets, "/feed")}
	for _, query := range []string{
		"history=50",
		fmt.Sprintf("after=%s:0", annFeed.welcome.Epoch),
		fmt.Sprintf("after=%s:1", annFeed.welcome.Epoch),
	} {
		feeds = append(feeds, eve.socket(sockets, "/feed?"+query))
	}
	lost, status := tryFeed(t, sockets, ticket)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("a ticket from before: %d", status)
	}
	bob.writes(eve, "for eve")
	for i, feed := range feeds {
		if w := feed.welcome; w.Recovered != nil && *w.Recovered {
			t.Errorf("feed %d resumes from another account's position: %+v", i, w)
		}
		feed.wantNothingOf("secret", "for eve")
	}

	var number int64
	if _, err := fmt.Sscanf(annFeed.welcome.Room, "user:%d", &number); err != nil {
		t.Fatal(err)
	}
	publishEvent(t, sockets, number, "the end")
	for _, feed := range []*peer{annFeed, lost} {
		feed.wantNothingOf("for eve", "the end")
	}
}

// writes sends a private message.
func (p *apiUser) writes(to *apiUser, text string) {
	p.t.Helper()
	chat := p.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": to.name})["id"].(string)
	p.do(http.StatusCreated, "POST", "/chats/"+chat+"/messages/", map[string]string{"text": text})
}

// wantNothingOf reads until a message with the text last, and expects not to
// find other before it.
func (p *peer) wantNothingOf(other, last string) {
	p.t.Helper()
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Errorf("waiting for %q: %v", last, err)
			return
		}
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			p.t.Fatal(err)
		}
		if strings.Contains(string(b), other) {
			p.t.Errorf("received what was meant for another account: %s", b)
		}
		if e.Text == last {
			return
		}
	}
}

func exported(t *testing.T, url string) []byte {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var backup bytes.Buffer
	if _, err := s.Export(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	return backup.Bytes()
}

func imported(t *testing.T, url string, backup []byte) {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Import(t.Context(), bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
}
