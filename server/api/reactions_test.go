package api

import (
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestReactions(t *testing.T) {
	s := newSite(t, nil)
	path := "/api/v1/rooms/livechat/messages/" + anID + "/reactions/"
	want(t, s.ask(nil, "GET", path, ""), 200, `{"reactions":[]}`)
	s.reacted = []store.Reacted{
		{Emoji: "👍", Count: 12, People: []chat.Reaction{
			{Emoji: "👍", Name: "ann", Author: "@ann", At: 20, On: true},
			{Emoji: "👍", Name: "guest-1", Person: "session", At: 10, On: true}}},
		{Emoji: "❤️", Count: 1, People: []chat.Reaction{
			{Emoji: "❤️", Name: "ann", Author: "@ann", At: 30, On: true}}},
	}
	const body = `{"reactions":[{"emoji":"👍","count":12,"people":[{"name":"ann","author":"@ann","at":20},` +
		`{"name":"guest-1","at":10}]},{"emoji":"❤️","count":1,` +
		`"people":[{"name":"ann","author":"@ann","at":30}]}]}`
	want(t, s.ask(nil, "GET", path, ""), 200, body)
	want(t, s.ask(nil, "GET", strings.Replace(path, anID, strings.ToUpper(anID), 1), ""), 200, body)
	if got, calls := strings.Join(s.asked, ""), fmt.Sprintf("reacted livechat %s 100\n", anID); got !=
		strings.Repeat(calls, 3) {
		t.Errorf("the archive got %q", got)
	}
	s.asked = nil
	wantProblem(t, s.ask(nil, "GET", strings.Replace(path, "livechat", "user:1", 1), ""), 400, "bad_room")
	wantProblem(t, s.ask(nil, "GET", strings.Replace(path, anID, "x", 1), ""), 404, "not_found")
	wantProblem(t, s.ask(nil, "GET", path+"?a=1&a=2", ""), 400, "bad_request")
	wantProblem(t, s.ask(nil, "POST", path, "{}"), 405, "method_not_allowed")
	if len(s.asked) != 0 {
		t.Errorf("the archive got %q", s.asked)
	}
}

// Pages of a room and search results have the counts.
func TestMessagesHaveTheirReactions(t *testing.T) {
	s := newSite(t, nil)
	s.room = []store.RoomMessage{{Room: "livechat", Epoch: epoch, Seq: 7, ID: anID, App: "1000", Session: "s1",
		Name: "guest-1", Text: "hi", At: startTime, Reactions: `{"❤️":1,"👍":12}`}}
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/", ""), 200,
		`{"messages":[{"seq":7,"id":"`+anID+`","app":"1000","session":"s1","name":"guest-1","text":"hi",`+
			`"reactions":{"❤️":1,"👍":12},"at":1763770000123,"epoch":"`+epoch+`"}]}`)
	want(t, s.ask(nil, "GET", "/api/v1/search/?q=hi&room=livechat", ""), 200,
		`{"results":[{"room":"livechat","epoch":"`+epoch+`","n":7,"id":"`+anID+`","name":"guest-1","text":"hi",`+
			`"reactions":{"❤️":1,"👍":12},"at":1763770000123,`+
			`"link":"/api/v1/rooms/livechat/messages/?before=33&limit=51&epoch=`+epoch+`"}]}`)
}
