package client

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// More is what a message has besides its text: ReplyTo, WithFiles or Data.
type More func(frame []byte) ([]byte, error)

// ReplyTo makes a message the answer to another one, which the server has to
// know.
func ReplyTo(message Target) More {
	return func(frame []byte) ([]byte, error) { return appendTarget(append(frame, `,"reply":`...), message) }
}

var errNoObject = errors.New("data is not a JSON object")

// Data adds an object of the sender's own to a message, in JSON, of at most
// 1024 bytes without white space.
func Data(object []byte) More {
	return func(frame []byte) ([]byte, error) {
		if v := jsontext.Value(object); !v.IsValid() || v.Kind() != '{' {
			return nil, errNoObject
		}
		return append(append(frame, `,"data":`...), object...), nil
	}
}
