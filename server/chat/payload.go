package chat

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The payload of an entry is what the room's channel and stream in Redis carry.
// It is the object that clients get plus the epoch, in exactly this order:
//
//	{"type":"message","seq":12,"id":"…","app":"1000","session":"…",
//	 "author":"…","name":"ann","text":"hi","at":1763770000000,
//	 "epoch":"0123456789abcdef"}
//
// without the line breaks. The server makes the body, from id to what precedes
// at. publish.lua puts type, seq, at and epoch around it; log.lua reads them.
// Those two scripts and this file are the only places that know the format.
//
// Entries of every type have this form: type is lower-case letters, then come
// seq and id, and at and epoch are last. Members between them are the type's
// own, so servers number, keep, restore and replay entries of types that they
// do not know. A message may have more members after text.
//
// The fixed order lets a server check a payload, cut off the epoch and send the
// rest to clients as it is, without decoding or encoding a message.
const (
	// MessagePrefix begins the payload of a message, and every message frame of
	// a client.
	MessagePrefix = typePrefix + TypeMessage + seqPrefix
	// IDPrefix follows the sequence number. IDLen characters come next.
	IDPrefix = `,"id":"`
	// IDLen is the length of an entry's id, a UUID.
	IDLen = 36

	typePrefix = `{"type":"`
	seqPrefix  = `","seq":`
	bodyPrefix = `"id":`
	textPrefix = `,"text":`
	atPrefix   = `,"at":`
	tailPrefix = `,"epoch":"`
	tailSuffix = `"}`

	tailLen = len(tailPrefix) + epochLen + len(tailSuffix)
)

// TypeMessage is the type of entries that are messages.
const TypeMessage = "message"

// maxType is the longest type of an entry in bytes.
const maxType = 32

// AppendBody appends the part of a payload that the server knows before the
// entry has a place in the log: `"id":…,"app":…,"session":…,"author":…,
// "name":…,"text":…` and m.Extra. An empty author is left out, and in an entry
// that is not a message so is every empty member, but the text of an edit: a
// message with files may be left without one.
func AppendBody(dst []byte, m *Message) []byte {
	for _, f := range [...]struct{ key, value string }{
		{bodyPrefix, m.ID}, {`,"app":`, m.App}, {`,"session":`, m.Session},
		{`,"author":`, m.Author}, {`,"name":`, m.Name}, {textPrefix, m.Text},
	} {
		if f.value == "" && (f.key == `,"author":` || m.Type != "") &&
			(f.key != textPrefix || m.Type != TypeEdit) {
			continue
		}
		dst = append(dst, f.key...)
		// The only error is invalid UTF-8, which CleanName and CleanText
		// exclude.
		dst, _ = jsontext.AppendQuote(dst, f.value)
	}
	if m.Extra != "" {
		dst = append(append(dst, ','), m.Extra...)
	}
	return dst
}

// AppendPayload appends what publish.lua writes around the body of an entry of
// some type, "" for a message.
func AppendPayload(dst []byte, kind string, at Position, body []byte, ms int64) []byte {
	dst = append(dst, typePrefix...)
	dst = append(dst, cmp.Or(kind, TypeMessage)...)
	dst = append(dst, seqPrefix...)
	dst = strconv.AppendUint(dst, at.Seq, 10)
	dst = append(dst, ',')
	dst = append(dst, body...)
	dst = append(dst, atPrefix...)
	dst = strconv.AppendInt(dst, ms, 10)
	return appendTail(dst, at.Epoch)
}

func appendTail(dst []byte, epoch string) []byte {
	dst = append(dst, tailPrefix...)
	dst = append(dst, epoch...)
	return append(dst, tailSuffix...)
}

// MessagePayload returns the bytes that publish.lua wrote for m.
func MessagePayload(m *Message) []byte {
	size := len(m.Text) + len(m.Name) + len(m.Extra) + 256
	body := AppendBody(make([]byte, 0, size), m)
	at := Position{Epoch: m.Epoch, Seq: m.Seq}
	return AppendPayload(make([]byte, 0, len(body)+len(MessagePrefix)+tailLen+64), m.Type, at, body, m.At)
}

// ParsePayload returns the position in a payload and its object: the payload
// without the epoch and without the closing brace, a part of payload. ok is
// false for anything that publish.lua cannot have written.
func ParsePayload(payload []byte) (at Position, object []byte, ok bool) {
	_, rest, ok := cutType(payload)
	if !ok || len(rest) < tailLen {
		return Position{}, nil, false
	}
	digits, rest, ok := bytes.Cut(rest, []byte(IDPrefix))
	if !ok || len(rest) < IDLen+tailLen || rest[IDLen] != '"' {
		return Position{}, nil, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || seq == 0 || seq > MaxSeq || digits[0] == '0' {
		return Position{}, nil, false
	}
	object = payload[:len(payload)-tailLen]
	tail := payload[len(object):]
	epoch := string(tail[len(tailPrefix) : len(tail)-len(tailSuffix)])
	if string(tail[:len(tailPrefix)]) != tailPrefix ||
		string(tail[len(tail)-len(tailSuffix):]) != tailSuffix || !ValidEpoch(epoch) {
		return Position{}, nil, false
	}
	// Strict: no duplicate keys, valid UTF-8, nothing after the object.
	if !jsontext.Value(payload).IsValid() {
		return Position{}, nil, false
	}
	return Position{Epoch: epoch, Seq: seq}, object, true
}

// cutType returns the type of an entry, of its payload or of the object that
// clients get, and what follows `"seq":`.
func cutType(object []byte) (kind, rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(object, []byte(typePrefix))
	n := 0
	for n < min(len(rest), maxType) && 'a' <= rest[n] && rest[n] <= 'z' {
		n++
	}
	if !ok || n == 0 {
		return nil, nil, false
	}
	kind = rest[:n]
	rest, ok = bytes.CutPrefix(rest[n:], []byte(seqPrefix))
	return kind, rest, ok
}

// PayloadOf returns the payload of an entry as clients get it. ok is false for
// other objects, and without an epoch.
func PayloadOf(object []byte, epoch string) (payload []byte, ok bool) {
	_, rest, ok := cutType(object)
	if epoch == "" || !ok || !isNumbered(rest) {
		return nil, false
	}
	payload = make([]byte, 0, len(object)+tailLen)
	payload = append(payload, object[:len(object)-1]...)
	return appendTail(payload, epoch), true
}

// isNumbered reports whether what follows `"seq":` is a number and an id, as
// only entries have them.
func isNumbered(rest []byte) bool {
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	return n > 0 && bytes.HasPrefix(rest[n:], []byte(IDPrefix))
}

// PayloadType returns the type of an entry, "" for a message.
func PayloadType(payload []byte) string {
	kind, _, _ := cutType(payload)
	if string(kind) == TypeMessage {
		return ""
	}
	return string(kind)
}

// PayloadBody cuts the body out of a payload. The first id and the last at are
// the entry's own, whatever its members contain.
func PayloadBody(payload []byte) (body []byte, ok bool) {
	from, to := bytes.Index(payload, []byte(bodyPrefix)), bytes.LastIndex(payload, []byte(atPrefix))
	if from < 0 || to < from {
		return nil, false
	}
	return payload[from:to], true
}

// PayloadTime returns when Redis took a message; zero if the payload does not
// say so.
func PayloadTime(payload []byte) time.Time {
	i := bytes.LastIndex(payload, []byte(atPrefix))
	if i < 0 {
		return time.Time{}
	}
	digits, _, _ := bytes.Cut(payload[i+len(atPrefix):], []byte(","))
	ms, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// DecodePayload reads all of a payload, of any type. It is strict (no duplicate
// keys, valid UTF-8, nothing after the object). Members that it does not know
// are in Extra.
func DecodePayload(payload []byte) (Message, error) {
	var p struct {
		Type    string         `json:"type"`
		Seq     uint64         `json:"seq"`
		ID      string         `json:"id"`
		App     string         `json:"app"`
		Session string         `json:"session"`
		Author  string         `json:"author"`
		Name    string         `json:"name"`
		Text    string         `json:"text"`
		At      int64          `json:"at"`
		Epoch   string         `json:"epoch"`
		Extra   jsontext.Value `json:",embed"`
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return Message{}, fmt.Errorf("decode payload: %w", err)
	}
	if p.Type == "" || p.Seq == 0 || p.ID == "" {
		return Message{}, errors.New("decode payload: not an entry of a log")
	}
	if p.Type == TypeMessage {
		p.Type = ""
	}
	extra := bytes.TrimSuffix(bytes.TrimPrefix(p.Extra, []byte("{")), []byte("}"))
	return Message{
		Type: p.Type, Seq: p.Seq, Epoch: p.Epoch, ID: p.ID, App: p.App, Session: p.Session, Author: p.Author,
		Name: p.Name, Text: p.Text, Extra: string(extra), At: p.At,
	}, nil
}

// DigestOf tells one entry from another under the same id. It is made of what
// the sender wrote, so a server that restores an entry from its payload gets
// the same one.
func DigestOf(m *Message) string {
	if m.Type == TypeTombstone {
		return DeletedDigest
	}
	return Digest(m.content())
}

// Digest is DigestOf of a message with this text and nothing else.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// LogDigest returns the digest by which the log of a room knows a message: the
// relay draws the ids of the events in a feed, and puts the text into them that
// a message has by then, so there it is any.
func LogDigest(room string, m *Message) string {
	if IsFeed(room) {
		return DeletedDigest
	}
	return DigestOf(m)
}

// LogKey returns the key by which the log of a room knows a message. The relay
// draws the ids of the events in a feed, so there the id is enough.
func LogKey(room string, m *Message) string {
	if IsFeed(room) {
		return m.ID
	}
	return m.Key()
}
