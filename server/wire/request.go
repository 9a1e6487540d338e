package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
)

// Types of the frames that clients send.
const (
	TypeMessage = "message"
	TypeTyping  = "typing"
	TypeEdit    = chat.TypeEdit
	TypeDelete  = chat.TypeDelete
	TypeReact   = "react"
)

// Request is a frame from a client.
type Request struct {
	Type   string      // TypeMessage and so on
	ID     string      // UUID in lower case; "" if the client gave none
	Text   string      // as the client wrote it: not checked
	Target chat.Target // of all but a message and a typing; ID is "" if the client gave none

	// Of a message only.
	Reply chat.Target    // zero if the client gave none
	Files []chat.FileRef // each once; with some, Text may be ""
	Data  string         // a JSON object without white space; "" if the client gave none

	// Of a react only.
	Emoji string // one emoji: see chat.IsEmoji
	Off   bool   // the emoji is taken back

	Moderate *Moderate // of a moderate only
}

// ParseRequest parses one text frame, whose UTF-8 has been checked. A text that
// does not start like a JSON object is taken as a message. The error is a
// *chat.Error; with it, ID is set if it could be read, so that the answer can
// name it.
func ParseRequest(payload []byte) (Request, error) {
	if !looksLikeObject(payload) {
		return Request{Type: TypeMessage, Text: string(payload)}, nil
	}
	var in struct {
		Type string         `json:"type"`
		ID   jsontext.Value `json:"id"`
		Text jsontext.Value `json:"text"`

		Target jsontext.Value `json:"target"`
		Reply  jsontext.Value `json:"reply"`
		Files  jsontext.Value `json:"files"`
		Data   jsontext.Value `json:"data"`
		Emoji  jsontext.Value `json:"emoji"`
		On     jsontext.Value `json:"on"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return Request{}, chat.Errorf(chat.CodeBadRequest,
			"not a valid JSON object (duplicate keys and trailing data are refused)")
	}
	req := Request{Type: in.Type}
	var err error
	switch in.Type {
	case TypeTyping:
		return req, nil
	case TypeMessage, TypeEdit:
		if req.ID, err = parseID(in.ID); err != nil {
			return req, err
		}
		if in.Type == TypeMessage {
			if req.Files, err = ParseFiles(in.Files); err != nil {
				return req, err
			}
		}
		missing := in.Text == nil && req.Files != nil
		if !missing && (in.Text.Kind() != '"' || json.Unmarshal(in.Text, &req.Text) != nil) {
			return req, chat.Errorf(chat.CodeBadRequest, "text is missing or not a string")
		}
		if in.Type == TypeEdit {
			req.Target, err = parseTarget("target", in.Target)
			return req, err
		}
		if in.Reply != nil {
			if req.Reply, err = parseTarget("reply", in.Reply); err != nil {
				return req, err
			}
		}
		req.Data, err = parseData(in.Data)
		return req, err
	case TypeDelete:
		if req.ID, err = parseID(in.ID); err == nil {
			req.Target, err = parseTarget("target", in.Target)
		}
		return req, err
	case TypeReact:
		if req.ID, err = parseID(in.ID); err == nil {
			req.Target, err = parseTarget("target", in.Target)
		}
		if err == nil {
			req.Emoji, req.Off, err = parseEmoji(in.Emoji, in.On)
		}
		return req, err
	case TypeModerate:
		err = parseModerate(payload, &req, in.ID)
		return req, err
	case "":
		return req, chat.Errorf(chat.CodeBadRequest, "type is missing")
	}
	return req, chat.Errorf(chat.CodeBadRequest,
		"unknown type; use message, edit, delete, react, typing or moderate")
}

func parseTarget(name string, v jsontext.Value) (t chat.Target, err error) {
	var in struct {
		Seq uint64         `json:"seq"`
		ID  jsontext.Value `json:"id"`
	}
	if v.Kind() != '{' || json.Unmarshal(v, &in) != nil || in.Seq == 0 || in.Seq > chat.MaxSeq {
		return t, chat.Errorf(chat.CodeBadRequest, "%s must have the seq of a message", name)
	}
	t.Seq = in.Seq
	t.ID, err = parseID(in.ID)
	return t, err
}

// parseEmoji returns the emoji of a react, and whether it is taken back.
func parseEmoji(v, on jsontext.Value) (emoji string, off bool, err error) {
	if v.Kind() != '"' || json.Unmarshal(v, &emoji) != nil || !chat.IsEmoji(emoji) {
		return "", false, chat.Errorf(chat.CodeBadRequest, "emoji must be one emoji, such as 👍")
	}
	switch {
	case on == nil || on.Kind() == 't':
		return emoji, false, nil
	case on.Kind() == 'f':
		return emoji, true, nil
	}
	return "", false, chat.Errorf(chat.CodeBadRequest, "on must be true or false")
}

// parseData returns a sender's own object without white space.
func parseData(v jsontext.Value) (string, error) {
	if v == nil {
		return "", nil
	}
	if v.Kind() != '{' || v.Compact() != nil || len(v) > chat.MaxData {
		return "", chat.Errorf(chat.CodeBadRequest, "data must be an object of at most %d bytes",
			chat.MaxData)
	}
	return string(v), nil
}

// looksLikeObject reports whether the first character that is not JSON white
// space (RFC 8259 section 2) opens an object.
func looksLikeObject(b []byte) bool {
	for _, c := range b {
		switch c {
		case ' ', '\t', '\n', '\r':
			continue
		}
		return c == '{'
	}
	return false
}

func parseID(v jsontext.Value) (string, error) {
	if v == nil {
		return "", nil
	}
	var s string
	if v.Kind() == '"' && json.Unmarshal(v, &s) == nil {
		if id, ok := chat.ParseUUID(s); ok {
			return id, nil
		}
	}
	return "", chat.Errorf(chat.CodeBadRequest, "id must be a UUID such as "+chat.ExampleUUID)
}
