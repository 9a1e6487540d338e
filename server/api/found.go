package api

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// foundView is a search result: a message of a private chat or of a room.
type foundView struct {
	Chat  string `json:"chat,omitempty"`
	Room  string `json:"room,omitempty"`
	Epoch string `json:"epoch,omitempty"`
	N     int64  `json:"n"` // number in the chat, or seq in the room
	ID    string `json:"id"`
	Name  string `json:"name"`
	Text  string `json:"text"`
	chat.Members
	Reactions jsontext.Value `json:"reactions,omitzero"` // how many, by emoji

	At   int64  `json:"at"`   // Unix milliseconds
	Link string `json:"link"` // the messages around it
}

func viewFound(f store.Found) foundView {
	v := foundView{Chat: f.Chat, N: f.N, ID: f.ID, Name: f.Author, Text: f.Text, At: f.At.UnixMilli(),
		Members: chat.MembersOf(f.Extra), Reactions: viewCounts(f.Reactions)}
	if f.Chat != "" {
		v.Link = base + "/chats/" + f.Chat + "/messages/" + around(f.N)
		return v
	}
	v.Room, v.Epoch, v.N = f.Room, f.Epoch, f.Seq
	v.Link = base + "/rooms/" + f.Room + "/messages/" + around(f.Seq) + "&epoch=" + f.Epoch
	return v
}

// around returns the query for the messages around number n: 25 before it and
// 25 after it.
func around(n int64) string {
	const half = 25
	return "?before=" + strconv.FormatInt(n+half+1, 10) + "&limit=" + strconv.Itoa(2*half+1)
}
