package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"livechat/server/chat"
)

// maxBody is the longest body of a request in bytes.
const maxBody = 64 << 10

// checkContentType wants JSON wherever there is a body. A form of another site could send no such type without being asked first.
func checkContentType(r *http.Request) error {
	given := r.Header.Values("Content-Type")
	if len(given) == 0 && (r.Body == nil || r.Body == http.NoBody) {
		return nil
	}
	if len(given) == 1 {
		if mediaType, _, err := mime.ParseMediaType(given[0]); err == nil && mediaType == "application/json" {
			return nil
		}
	}
	return chat.Errorf(chat.CodeBadMedia, "Content-Type must be application/json")
}

// readBody reads the body into the struct that v points to. The error is a *chat.Error.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readAll(w, r)
	if err != nil {
		return err
	}
	return decode(body, v)
}

// noBody wants no body, or an object without members: some clients cannot send a POST with nothing.
func noBody(w http.ResponseWriter, r *http.Request) error {
	body, err := readAll(w, r)
	if err != nil || len(body) == 0 {
		return err
	}
	return decode(body, &struct{}{})
}

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, chat.Errorf(chat.CodeTooLong, "a body has at most %d bytes", maxBody)
	}
	if err != nil {
		return nil, chat.Errorf(chat.CodeBadRequest, "the body did not come in whole, or not in time")
	}
	return body, nil
}

// decode reads one JSON object. There must be one way only to read it: members are known, in the case written here, and there once, texts
// are UTF-8, and nothing follows. What is wrong in particular stays unsaid, because the decoder's words quote the body.
func decode(body []byte, v any) error {
	if body = bytes.TrimLeft(body, " \t\r\n"); len(body) == 0 || body[0] != '{' { // null would do for a struct
		return chat.Errorf(chat.CodeBadRequest, "the body must be a JSON object")
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return chat.Errorf(chat.CodeBadRequest, "the body must be one JSON object with the members that the documentation names, each once and of its type")
	}
	return nil
}

// needs returns an error for the first member that is missing or empty.
func needs(members ...string) error {
	for i := 0; i < len(members); i += 2 {
		if members[i+1] == "" {
			return chat.Errorf(chat.CodeBadRequest, "%s is missing", members[i])
		}
	}
	return nil
}

// checkUUID returns the id in lower case.
func checkUUID(member, s string) (string, error) {
	const length = 36 // uuid.Parse takes other forms too
	id, err := uuid.Parse(s)
	if err != nil || len(s) != length {
		return "", chat.Errorf(chat.CodeBadRequest, "%s must be a UUID such as 123e4567-e89b-42d3-a456-426614174000", member)
	}
	return id.String(), nil
}
