package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
)

// The payload of a message on the room's channel and in its stream is the client's message object plus the epoch, in exactly this order:
//
//	{"type":"message","seq":12,"id":"…","app":"1000","session":"…","author":"…","name":"ann","text":"hi","at":1763770000000,"epoch":"0123456789abcdef"}
//
// The publish script puts seq, at and epoch around the body that the server gave it. So a server that hears it can check the
// frame of it, cut the epoch off and send the rest as it is: no decoding and no encoding per message, let alone per client.
const (
	entryHead = `{"type":"message","seq":`
	entryID   = `,"id":"`
	entryAt   = `,"at":`
	entryTail = `,"epoch":"` // then 16 digits, then `"}`
)

const (
	idLen   = 36
	tailLen = len(entryTail) + 16 + len(`"}`)
)

// AppendBody appends the part of a message's payload that its server knows: `"id":…,"app":…,"session":…,"author":…,"name":…,"text":…`. There is no author
// if nobody knows it.
func AppendBody(dst []byte, m *chat.Message) []byte {
	for _, f := range [...]struct{ key, value string }{
		{`"id":`, m.ID}, {`,"app":`, m.App}, {`,"session":`, m.Session}, {`,"author":`, m.Author}, {`,"name":`, m.Name}, {`,"text":`, m.Text},
	} {
		if f.value == "" && f.key == `,"author":` {
			continue
		}
		dst = append(dst, f.key...)
		dst, _ = jsontext.AppendQuote(dst, f.value) // its one error is invalid UTF-8, which chat's rules exclude
	}
	return dst
}

// MessagePayload returns the payload of a message that is kept elsewhere than in the log: the bytes that the publish script wrote.
func MessagePayload(m *chat.Message) []byte {
	p := make([]byte, 0, len(entryHead)+len(m.Text)+len(m.Name)+256)
	p = append(p, entryHead...)
	p = strconv.AppendUint(p, m.Seq, 10)
	p = append(p, ',')
	p = AppendBody(p, m)
	p = append(p, entryAt...)
	p = strconv.AppendInt(p, m.At, 10)
	p = append(p, entryTail...)
	p = append(p, m.Epoch...)
	return append(p, `"}`...)
}

// Entry is a message as a server heard it.
type Entry struct {
	Position chat.Position
	Frame    []byte // the finished frame for clients
}

// ParseEntry reads a payload of the channel or of the stream. ok is false for anything that the publish script cannot have written.
func ParseEntry(payload []byte) (e Entry, ok bool) {
	rest, ok := bytes.CutPrefix(payload, []byte(entryHead))
	if !ok || len(rest) < tailLen {
		return Entry{}, false
	}
	digits, rest, ok := bytes.Cut(rest, []byte(entryID))
	if !ok || len(rest) < idLen+tailLen || rest[idLen] != '"' {
		return Entry{}, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || seq == 0 || seq > chat.MaxSeq || digits[0] == '0' {
		return Entry{}, false
	}
	at := len(payload) - tailLen
	tail := payload[at:]
	epoch := string(tail[len(entryTail) : len(tail)-2])
	if string(tail[:len(entryTail)]) != entryTail || string(tail[len(tail)-2:]) != `"}` || !chat.ValidEpoch(epoch) {
		return Entry{}, false
	}
	if !jsontext.Value(payload).IsValid() { // strict: no duplicate keys, valid UTF-8, nothing behind
		return Entry{}, false
	}
	n := at + 1
	frame := appendHeader(make([]byte, 0, headerLen(n)+n), opText, n)
	frame = append(append(frame, payload[:at]...), '}')
	return Entry{Position: chat.Position{Epoch: epoch, Seq: seq}, Frame: frame}, true
}

// Payload returns what ParseEntry read the frame of a message from, given its epoch. ok is false for frames of anything else.
func Payload(frame []byte, epoch string) (payload []byte, ok bool) {
	object := frame[2:] // behind the shortest header; the two others are longer by the number of bytes of the length
	switch frame[1] {
	case 126:
		object = frame[4:]
	case 127:
		object = frame[10:]
	}
	if epoch == "" || !bytes.HasPrefix(object, []byte(entryHead)) {
		return nil, false
	}
	payload = make([]byte, 0, len(object)+tailLen)
	payload = append(payload, object[:len(object)-1]...)
	payload = append(payload, entryTail...)
	payload = append(payload, epoch...)
	return append(payload, `"}`...), true
}

// SaidAt returns the time in a payload: when Redis took the message. Zero if there is none.
func SaidAt(payload []byte) time.Time {
	i := bytes.LastIndex(payload, []byte(entryAt))
	if i < 0 {
		return time.Time{}
	}
	digits, _, _ := bytes.Cut(payload[i+len(entryAt):], []byte(","))
	ms, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Said returns what a payload says: the id, the author, the name and the text.
func Said(payload []byte) (chat.Message, error) {
	var m struct {
		ID     string `json:"id"`
		Author string `json:"author"`
		Name   string `json:"name"`
		Text   string `json:"text"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return chat.Message{}, fmt.Errorf("read payload: %w", err)
	}
	return chat.Message{ID: m.ID, Author: m.Author, Name: m.Name, Text: m.Text}, nil
}
