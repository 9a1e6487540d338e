package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"livechat/server/chat"
)

// The types of the frames that clients send.
const (
	TypeMessage = "message"
	TypeTyping  = "typing"
)

// Request is what a client asks for in one frame.
type Request struct {
	Type string // TypeMessage or TypeTyping
	ID   string // UUID in lower case; "" if the client gave none
	Text string // as the client wrote it: not checked yet
}

// ParseRequest reads one text frame, whose UTF-8 has been checked. A text that does not begin like a JSON object is a message as it
// stands. The error is a *chat.Error; with it, ID is set where it could be read, so that the answer can name it.
func ParseRequest(payload []byte) (Request, error) {
	if !looksLikeObject(payload) {
		return Request{Type: TypeMessage, Text: string(payload)}, nil
	}
	var in struct {
		Type string         `json:"type"`
		ID   jsontext.Value `json:"id"`
		Text jsontext.Value `json:"text"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return Request{}, chat.Errorf(chat.CodeBadRequest, "this is not a JSON object that livechat knows (duplicate keys and trailing data are refused)")
	}
	req := Request{Type: in.Type}
	var err error
	switch in.Type {
	case TypeTyping:
		return req, nil
	case TypeMessage:
		if req.ID, err = parseID(in.ID); err != nil {
			return req, err
		}
		if in.Text.Kind() != '"' || json.Unmarshal(in.Text, &req.Text) != nil {
			return req, chat.Errorf(chat.CodeBadRequest, "a message needs a text, and it must be a string")
		}
		return req, nil
	case "":
		return req, chat.Errorf(chat.CodeBadRequest, "type is missing")
	}
	return req, chat.Errorf(chat.CodeBadRequest, "unknown type: known are message and typing")
}

// looksLikeObject says whether the first character that is not JSON white space (RFC 8259 section 2) opens an object.
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
	if v.Kind() == '"' && json.Unmarshal(v, &s) == nil && len(s) == idLen {
		if id, err := uuid.Parse(s); err == nil {
			return id.String(), nil
		}
	}
	return "", chat.Errorf(chat.CodeBadRequest, "id must be a UUID such as 123e4567-e89b-42d3-a456-426614174000")
}
