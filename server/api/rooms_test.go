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
	s.room = []store.RoomMessage{{Room: "livechat", Epoch: epoch, Seq: 7, ID: anID, App: "1000",
		Session: "s1", Name: "guest-1", Text: "hi", At: startTime}}
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/?epoch="+epoch+"&before=8&limit=3", ""), 200,
		`{"messages":[{"seq":7,"id":"`+anID+`","app":"1000","session":"s1","name":"guest-1","text":"hi",`+
			`"at":1763770000123,"epoch":"`+epoch+`"}]}`)
	s.others = []store.Range{{First: 5, Last: 6}, {First: 8, Last: 8}, {First: 12, Last: 14}}
	for query, others := range map[string]string{
		"?before=9": `[[8,8]]`, "?before=8": "", "?after=4": `[[5,6]]`, "?after=0": `[[5,6]]`,
		"": `[[8,8],[12,14]]`,
	} {
		got := s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/"+query, "").Body.String()
		if has := strings.Contains(got, `,"others":`); has != (others != "") || !strings.Contains(got, others) {
			t.Errorf("%s: %s, want the others %s", query, got, others)
		}
	}
	s.asked = s.asked[:2]
	s.ask(nil, "GET", "/api/v1/rooms/r-2/messages?after=5", "")
	s.ask(nil, "GET", "/api/v1/rooms/r-2/messages?after=0", "")
	calls := "room livechat - 0 0 50\nroom livechat " + epoch + " 8 0 3\n" +
		"room r-2 - 0 5 50\nroom r-2 - 0 -1 50\n"
	if got := strings.Join(s.asked, ""); got != calls {
		t.Errorf("the archive got %q", got)
	}
	for _, bad := range []string{"?epoch=x", "?epoch=" + strings.ToUpper(epoch), "?before=x", "?before=0",
		"?after=-1", "?before=1&after=0", "?limit=101", "?before=1&after=1"} {
		wantProblem(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/"+bad, ""), 400, "bad_request")
	}
}

// To those who may not be in it, a closed room is one in which nobody ever said anything.
func TestClosedRooms(t *testing.T) {
	s := newSite(t, nil)
	ann, ben := s.register("ann"), s.register("ben")
	s.closed = map[string]int64{"den": 1}
	s.room = []store.RoomMessage{{Room: "den", Epoch: epoch, Seq: 7, ID: anID, At: startTime}}
	s.reacted, s.since = []store.Reacted{{Emoji: "👍", Count: 1}}, 7
	report := `{"message":{"seq":7,"id":"` + anID + `"},"reason":"spam"}`
	key := guestHeader + ": 00112233445566778899aabbccddeeff"
	for _, path := range []string{"messages/", "messages/?before=9", "messages/?at=1763770000000",
		"messages/" + anID + "/reactions/"} {
		s.asked = nil
		guest := s.ask(nil, "GET", "/api/v1/rooms/den/"+path, "")
		outsider := s.ask(ben, "GET", "/api/v1/rooms/den/"+path, "")
		if asked := strings.Join(s.asked, ""); asked != "who\n" {
			t.Errorf("%s: for outsiders it was asked %q", path, asked)
		}
		member := s.ask(ann, "GET", "/api/v1/rooms/den/"+path, "")
		for who, got := range map[string]string{
			"guest": guest.Body.String(), "outsider": outsider.Body.String(),
		} {
			if strings.Contains(got, anID) || strings.Contains(got, "👍") || got == member.Body.String() {
				t.Errorf("%s: the %s gets %s, the member %s", path, who, got, member.Body)
			}
		}
	}
	want(t, s.ask(ben, "GET", "/api/v1/rooms/den/messages/", ""), 200, `{"messages":[]}`)
	for who, user := range map[*browser]string{ann: "1", ben: "2"} {
		s.asked = nil
		s.ask(who, "GET", "/api/v1/search/?q=hi&room=den", "")
		if got := strings.Join(s.asked, ""); !strings.Contains(got, "search "+user+" den") {
			t.Errorf("%s searches as %q", user, got)
		}
	}
	s.asked = nil
	wantProblem(t, s.ask(ben, "POST", "/api/v1/rooms/den/reports/", report), 404, "unknown_message")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/rooms/den/reports/", report, key), 404, "unknown_message")
	if got := strings.Join(s.asked, ""); strings.Contains(got, "report") {
		t.Errorf("outsiders report: %q", got)
	}
	want(t, s.ask(ann, "POST", "/api/v1/rooms/den/reports/", report), 201, `{"reported":true}`)
}

// A user's feed is stored like a room, and must not be readable as one.
func TestFeedsAreNotReadableAsRooms(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	s.asked = nil
	for _, room := range []string{"user:1", "user%3a1", "user%3A1", "User", "a%2fb", "%00", "%ff",
		strings.Repeat("a", 33)} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/rooms/"+room+"/messages/", ""), 400, "bad_room")
	}
	if len(s.asked) != 0 {
		t.Errorf("the archive got %q", s.asked)
	}
}

func TestSearch(t *testing.T) {
	s := newSite(t, nil)
	ann, bob, eve := s.register("ann"), s.register("bob"), s.register("eve")
	path := s.chat(ann, "bob")
	id := strings.Split(path, "/")[4]
	want(t, s.ask(ann, "POST", path+"messages/", `{"id":"`+anID+`","text":"over the lazy dog"}`), 201, "*")
	s.room = []store.RoomMessage{{Room: "livechat", Epoch: epoch, Seq: 40, ID: anotherID, Name: "guest-1",
		Text: "another dog", At: startTime}}
	inChat := `{"chat":"` + id + `","n":1,"id":"` + anID +
		`","name":"ann","text":"over the lazy dog","at":1763770000123,"link":"/api/v1/chats/` + id +
		`/messages/?before=27&limit=51"}`
	inRoom := `{"room":"livechat","epoch":"` + epoch + `","n":40,"id":"` + anotherID +
		`","name":"guest-1","text":"another dog","at":1763770000123,` +
		`"link":"/api/v1/rooms/livechat/messages/?before=66&limit=51&epoch=` + epoch + `"}`
	for _, b := range []*browser{ann, bob} {
		want(t, s.ask(b, "GET", "/api/v1/search/?q=dog", ""), 200, `{"results":[`+inChat+`,`+inRoom+`]}`)
	}
	want(t, s.ask(eve, "GET", "/api/v1/search/?q=dog", ""), 200, `{"results":[`+inRoom+`]}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=dog&limit=1", ""), 200,
		`{"results":[`+inChat+`],"next":"more"}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=cat", ""), 200, `{"results":[]}`)
	for _, link := range []string{path + "messages/?before=27&limit=51",
		"/api/v1/rooms/livechat/messages/?before=66&limit=51&epoch=" + epoch} {
		if w := s.ask(ann, "GET", link, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "dog") {
			t.Errorf("%s leads to %d %s", link, w.Code, w.Body)
		}
	}
	for _, bad := range []string{"", "?q=", "?q=%20%20", "?q=%ff", "?q=a%00b", "?q=a&q=b", "?q=a&limit=0",
		"?q=a&from=", "?q=a&from=" + strings.Repeat("a", 65), "?q=a&before=", "?q=a&before=bad", "?q=a&from=%ff",
		"?q=" + strings.Repeat("a", 201)} {
		wantProblem(t, s.ask(ann, "GET", "/api/v1/search/"+bad, ""), 400, "bad_request")
	}
	want(t, s.ask(ann, "GET", "/api/v1/search/?q="+url.QueryEscape(strings.Repeat("ä", 200)), ""), 200, "*")
}

// One room can be searched by everybody, and private chats are then not
// searched at all; without a room a session is needed.
func TestSearchOfGuests(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	s.asked = nil
	wantProblem(t, s.ask(nil, "GET", "/api/v1/search/?q=dog", ""), 401, "unauthorized")
	for _, room := range []string{"", "user:1", "User"} {
		wantProblem(t, s.ask(nil, "GET", "/api/v1/search/?q=dog&room="+room, ""), 400, "bad_room")
	}
	want(t, s.ask(nil, "GET", "/api/v1/search/?q=dog&room=livechat", ""), 200, `{"results":[]}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=dog&room=livechat&from=bob&before=x", ""), 200,
		`{"results":[]}`)
	want(t, s.ask(ann, "GET", "/api/v1/search/?q=dog&from=bob", ""), 200, `{"results":[]}`)
	calls := "search 0 livechat - - 50\nsearch 0 livechat bob x 50\nwho\nsearch 1 - bob - 50\n"
	if got := strings.Join(s.asked, ""); got != calls {
		t.Errorf("the search got %q, want %q", got, calls)
	}
}

func TestMessagesAroundATime(t *testing.T) {
	s := newSite(t, nil)
	ann, eve := s.register("ann"), s.register("eve")
	s.register("bob")
	chat := s.chat(ann, "bob") + "messages/"
	room := "/api/v1/rooms/livechat/messages/"
	s.asked = nil
	s.since = 40
	for _, at := range []string{"2026-03-01T10:00:00%2B01:00", "1772355600000", "2026-03-01T09:00:00Z&limit=7"} {
		want(t, s.ask(nil, "GET", room+"?at="+at, ""), 200, "*")
	}
	s.since = 0
	want(t, s.ask(nil, "GET", room+"?at=0", ""), 200, "*")
	want(t, s.ask(ann, "GET", chat+"?at=1772355600000&limit=10", ""), 200, "*")
	calls := "room since livechat 1772355600000\nroom livechat - 65 0 50\n" +
		"room since livechat 1772355600000\nroom livechat - 65 0 50\n" +
		"room since livechat 1772355600000\nroom livechat - 44 0 7\n" +
		"room since livechat 0\nroom livechat - 0 0 50\n" +
		"who\nsince 1 1772355600000\nhistory 1 7 0 10\n"
	if got := strings.Join(s.asked, ""); got != calls {
		t.Errorf("the services got %q, want %q", got, calls)
	}
	wantProblem(t, s.ask(eve, "GET", chat+"?at=1", ""), 404, "not_found")
	for _, bad := range []string{"?at=", "?at=x", "?at=-1", "?at=253402300800000", "?at=0000-01-01T00:00:00Z",
		"?at=2026-03-01", "?at=1&before=2", "?at=1&after=0", "?at=1&epoch=" + epoch, "?at=1&at=2"} {
		wantProblem(t, s.ask(nil, "GET", room+bad, ""), 400, "bad_request")
	}
}
