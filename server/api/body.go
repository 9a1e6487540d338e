package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// maxBody is the maximum size of a request body in bytes.
const maxBody = 64 << 10

// checkContentType requires JSON if there is a body. A form on another site
// cannot send this type without a preflight.
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
	return chat.Errorf(chat.CodeBadMedia, "The Content-Type must be application/json.")
}

// readBody parses the body into the struct that v points to. Its errors are
// *chat.Error.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readAll(w, r)
	if err != nil {
		return err
	}
	return decode(body, v)
}

// noBody requires no body, or an object without members: some clients cannot
// send a POST without a body.
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
		return nil, chat.Errorf(chat.CodeTooLong, "The body may have at most %d bytes.", maxBody)
	}
	if err != nil {
		return nil, chat.Errorf(chat.CodeBadRequest, "The body was incomplete or too slow. Send it again.")
	}
	return body, nil
}

// decode parses one JSON object that can be read in only one way: known members
// in the case written here, each once, texts in UTF-8, and nothing after it.
// The error has no details, because those of the decoder quote the body.
func decode(body []byte, v any) error {
	// Unmarshal accepts null for a struct.
	if body = bytes.TrimLeft(body, " \t\r\n"); len(body) == 0 || body[0] != '{' {
		return chat.Errorf(chat.CodeBadRequest, "The body must be a JSON object.")
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return chat.Errorf(chat.CodeBadRequest,
			"The body must be one JSON object with the documented members, each once and of its type.")
	}
	return nil
}

// requireMembers returns an error for the first member that is missing or
// empty. It takes pairs of name and value.
func requireMembers(members ...string) error {
	for i := 0; i < len(members); i += 2 {
		if members[i+1] == "" {
			return chat.Errorf(chat.CodeBadRequest, "%s is missing.", members[i])
		}
	}
	return nil
}

// checkUUID returns the id in lower case.
func checkUUID(member, s string) (string, error) {
	id, ok := chat.ParseUUID(s)
	if !ok {
		return "", chat.Errorf(chat.CodeBadRequest, "%s must be a UUID such as %s.", member, chat.ExampleUUID)
	}
	return id, nil
}
