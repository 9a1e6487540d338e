package blob

import (
	"context"
	"fmt"
	"io"
)

// source is the reader of a Put. It ends with ctx, and fails if r has another
// size than announced.
type source struct {
	ctx  context.Context
	r    io.Reader
	size int64 // announced, in bytes; -1: unknown
	read int64
}

// readerError is what the reader of a Put returned. It is not the store's fault.
type readerError struct{ err error }

func (e *readerError) Error() string { return "read what to store: " + e.err.Error() }
func (e *readerError) Unwrap() error { return e.err }

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.r.Read(p)
	s.read += int64(n)
	switch {
	case err != nil && err != io.EOF:
		return n, &readerError{err}
	case s.size >= 0 && (s.read > s.size || err == io.EOF && s.read < s.size):
		return n, fmt.Errorf("%w: %d bytes instead of %d", ErrSize, s.read, s.size)
	}
	return n, err
}
