package store

import "fmt"

// Counts are the records of an export or an import, by kind.
type Counts struct {
	Accounts, Chats, Messages, RoomMessages int64
}

// of returns the counter of a type of line; nil if lines of this type are not
// counted.
func (c *Counts) of(kind string) *int64 {
	switch kind {
	case typeUser:
		return &c.Accounts
	case typeChat:
		return &c.Chats
	case typeMessage:
		return &c.Messages
	case typeRoomMessage:
		return &c.RoomMessages
	}
	return nil
}

// Lines returns the number of lines these records take in an export.
func (c Counts) Lines() int64 { return c.Accounts + c.Chats + c.Messages + c.RoomMessages }

// String returns the counts in words: "3 accounts, 1 chat, 5 private messages,
// 12 room messages".
func (c Counts) String() string {
	return fmt.Sprintf("%s, %s, %s, %s", plural(c.Accounts, "account"), plural(c.Chats, "chat"),
		plural(c.Messages, "private message"), plural(c.RoomMessages, "room message"))
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
