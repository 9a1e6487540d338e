package store

import "fmt"

// Counts are the records of an export or an import, by kind.
type Counts struct {
	Accounts, Chats, Messages, RoomMessages, Reactions, Rules, Files int64
	Rooms                                                            int64 // made rooms and their members
	Audit                                                            int64 // entries of the audit log
	Blocks                                                           int64 // accounts that others block

	WithoutBytes int64 // of the files
	pieces       int64 // lines with bytes of files
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
	case typeReaction, typePrivateReaction:
		return &c.Reactions
	case typeMadeRoom, typeRoomMember:
		return &c.Rooms
	case typeRules, typeBan:
		return &c.Rules
	case typeFile:
		return &c.Files
	case typeBlock:
		return &c.Blocks
	case typeAudit:
		return &c.Audit
	}
	return nil
}

// Lines returns the number of lines these records take in an export.
func (c Counts) Lines() int64 {
	return c.Accounts + c.Chats + c.Messages + c.RoomMessages + c.Reactions + c.Rooms + c.Rules + c.Files +
		c.pieces + c.Audit + c.Blocks
}

// String returns the counts in words: "3 accounts, 1 chat, 5 private messages,
// 12 room messages, 2 reactions, 1 file". It tells of blocked accounts, made
// rooms, rules of rooms and the audit log if there are any, and of files whose
// bytes are not among them.
func (c Counts) String() string {
	rules, without := "", ""
	if c.Blocks > 0 {
		rules = plural(c.Blocks, "block") + ", "
	}
	if c.Rooms > 0 {
		rules += plural(c.Rooms, "row") + " of made rooms, "
	}
	if c.Rules > 0 {
		rules += plural(c.Rules, "rule") + " of rooms, "
	}
	if c.WithoutBytes > 0 {
		without = fmt.Sprintf(" (%d without bytes)", c.WithoutBytes)
	}
	audit := ""
	if c.Audit > 0 {
		audit = ", " + plural(c.Audit, "audit record")
	}
	return fmt.Sprintf("%s, %s, %s, %s, %s, %s%s%s%s", plural(c.Accounts, "account"), plural(c.Chats, "chat"),
		plural(c.Messages, "private message"), plural(c.RoomMessages, "room message"),
		plural(c.Reactions, "reaction"), rules, plural(c.Files, "file"), without, audit)
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
