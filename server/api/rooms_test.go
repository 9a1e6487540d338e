package api

import (
	"net/url"
	"strings"
	"testing"

	"livechat/server/store"
)

const epoch = "0123456789abcdef"

func TestRoomMessages(t *testing.T) {
	s := newSite(t, nil)
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/", ""), 200, `{"messages":[]}`)
	s.room = []store.RoomMessage{{Room: "livechat", Epoch: epoch, Seq: 7, ID: anID, App: "1000", Session: "s1", Name: "guest-1", Text: "hi", At: began}}
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/?epoch="+epoch+"&before=8&limit=3", ""), 200,
		`{"messages":[{"seq":7,"id":"`+anID+`","app":"1000","session":"s1","name":"guest-1","text":"hi","at":1763770000123,"epoch":"`+epoch+`"}]}`)
	s.ask(nil, "GET", "/api/v1/rooms/r-2/messages?after=5", "")
	s.ask(nil, "GET", "/api/v1/rooms/r-2/messages?after=0", "")
	if got := strings.Join(s.asked, ""); got != "room livechat - 0 0 50\nroom livechat "+epoch+" 8 0 3\nroom r-2 - 0 5 50\nroom r-2 - 0 -1 50\n" {
		t.Errorf("the archive was asked %q", got)
	}
	for _, bad := range []string{"?epoch=x", "?epoch=" + strings.ToUpper(epoch), "?before=x", "?before=0", "?after=-1", "?before=1&after=0", "?limit=101", "?before=1&after=1"} {
		wantProblem(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/"+bad, ""), 400, "bad_request")
	}
}

// A user's feed is kept like a room, and no room.
func TestFeedsAreNoRooms(t *testing.T) {
	s := newSite(t, nil)
	ann := s.person("ann")
	s.asked = nil
	for _, room := range []string{"user:1", "user%3a1", "user%3A1", "User", "a%2fb", "%00", "%ff", strings.Repeat("a", 33)} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/rooms/"+room+"/messages/", ""), 400, "bad_room")
	}
	if len(s.asked) != 0 {
		t.Errorf("the archive was asked %q", s.asked)
	}
}

func TestSearch(t *testing.T) {
	s := newSite(t, nil)
	ann, bob, eve := s.person("ann"), s.person("bob"), s.person("eve")
	path := s.chat(ann, "bob")
	id := strings.Split(path, "/")[4]
	want(t, s.ask(ann, "POST", path+"messages/", `{"id":"`+anID+`","text":"over the lazy dog"}`), 201, "*")
	s.room = []store.RoomMessage{{Room: "livechat", Epoch: epoch, Seq: 40, ID: anotherID, Name: "guest-1", Text: "another dog", At: began}}
	inChat := `{"chat":"` + id + `","n":1,"id":"` + anID + `","name":"ann","text":"over the lazy dog","at":1763770000123,"link":"/api/v1/chats/` + id + `/messages/?before=27&limit=51"}`
	inRoom := `{"room":"livechat","epoch":"` + epoch + `","n":40,"id":"` + anotherID + `","name":"guest-1","text":"another dog","at":1763770000123,"link":"/api/v1/rooms/livechat/messages/?before=66&limit=51&epoch=` + epoch + `"}`
	for _, b := range []*browser{ann, bob} {
		want(t, s.ask(b, "GET", "/api/v1/search/?q=dog", ""), 200, `{"results":[`+inChat+`,`+inRoom+`]}`)
	}
	want(t, s.ask(eve, "GET", "/api/v1/search/?q=dog", ""), 200, `{"results":[`+inRoom+`]}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=dog&limit=1", ""), 200, `{"results":[`+inChat+`]}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=cat", ""), 200, `{"results":[]}`)
	for _, link := range []string{path + "messages/?before=27&limit=51", "/api/v1/rooms/livechat/messages/?before=66&limit=51&epoch=" + epoch} {
		if w := s.ask(ann, "GET", link, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "dog") {
			t.Errorf("%s leads to %d %s", link, w.Code, w.Body)
		}
	}
	for _, bad := range []string{"", "?q=", "?q=%20%20", "?q=%ff", "?q=a%00b", "?q=a&q=b", "?q=a&limit=0", "?q=" + strings.Repeat("a", 201)} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/search/"+bad, ""), 400, "bad_request")
	}
	want(t, s.ask(ann, "GET", "/api/v1/search/?q="+url.QueryEscape(strings.Repeat("ä", 200)), ""), 200, "*")
}
