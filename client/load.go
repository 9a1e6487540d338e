package client

import (
	"bytes"
	"context"
	"net"

	"livechat/server/chat"
)

// LoadOptions are for load generators, which hold thousands of connections in
// one process. Other programs leave them at their zero values.
type LoadOptions struct {
	// LocalAddr is the source address. More than 28,000 connections to one
	// address need several.
	LocalAddr  net.Addr
	ReadBuffer int // bytes per connection; 4096
	// Dial opens the connection below the WebSocket, instead of the operating
	// system; LocalAddr is not used then.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Skim leaves messages undecoded except for Seq: the other fields stay
	// empty, Raw holds the frame, and both are valid only until the next event.
	// A message then costs no allocation.
	Skim bool
}

// Skim reads seq and id of a message frame, without decoding the rest and
// without allocating; id is a part of frame. ok is false for other frames, and
// for messages in an unusual form, which have to be decoded. It is for load
// generators.
func Skim(frame []byte) (seq uint64, id []byte, ok bool) {
	rest, found := bytes.CutPrefix(frame, []byte(chat.MessagePrefix))
	if !found {
		return 0, nil, false
	}
	digits := 0
	for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
		seq = seq*10 + uint64(rest[digits]-'0')
		digits++
	}
	rest, found = bytes.CutPrefix(rest[digits:], []byte(chat.IDPrefix))
	if !found || digits == 0 || digits > 16 { // 2^53 has 16 digits
		return 0, nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return 0, nil, false
	}
	return seq, rest[:end], true
}
