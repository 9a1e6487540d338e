package blob

import (
	"errors"
	"io/fs"
	"strings"
)

// failure is an error of a store. Its text has no key, which errors of the file
// system and of HTTP quote.
type failure struct {
	op, key string
	err     error
}

// failed returns err as the failure of op on key, or nil for nil.
func failed(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &failure{op, key, err}
}

func (f *failure) Error() string {
	text := f.err.Error()
	var other *fs.PathError // of a listing: the key that could not be looked at
	if errors.As(f.err, &other) && len(other.Path) > 1 {
		text = strings.ReplaceAll(text, other.Path, "PATH")
	}
	if f.key != "" {
		text = strings.ReplaceAll(text, f.key, "KEY")
	}
	return "blob: " + f.op + ": " + text
}

func (f *failure) Unwrap() error { return f.err }

// callers reports whether err is the fault of the caller, and not the store's.
func callers(err error) bool {
	var reader *readerError
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrKey) || errors.Is(err, ErrSize) ||
		errors.As(err, &reader)
}
