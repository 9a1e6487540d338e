package api

import (
	"strconv"

	"livechat/server/store"
)

// foundView is a message that a search found, in a private chat or in a room.
type foundView struct {
	Chat  string `json:"chat,omitempty"`
	Room  string `json:"room,omitempty"`
	Epoch string `json:"epoch,omitempty"`
	N     int64  `json:"n"` // n in the chat, seq in the room
	ID    string `json:"id"`
	Name  string `json:"name"`
	Text  string `json:"text"`
	At    int64  `json:"at"`   // Unix milliseconds
	Link  string `json:"link"` // the part of the conversation that it is in the middle of
}

func viewFound(f store.Found) foundView {
	v := foundView{Chat: f.Chat, N: f.N, ID: f.ID, Name: f.Author, Text: f.Text, At: f.At.UnixMilli()}
	if f.Chat != "" {
		v.Link = base + "/chats/" + f.Chat + "/messages/" + around(f.N)
		return v
	}
	v.Room, v.Epoch, v.N = f.Room, f.Epoch, f.Seq
	v.Link = base + "/rooms/" + f.Room + "/messages/" + around(f.Seq) + "&epoch=" + f.Epoch
	return v
}

// around is the query for the messages around number n: as many before it as after it.
func around(n int64) string {
	const half = 25
	return "?before=" + strconv.FormatInt(n+half+1, 10) + "&limit=" + strconv.Itoa(2*half+1)
}
