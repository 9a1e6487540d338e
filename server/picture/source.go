package picture

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// source is the file that is read. It tells a file that ends too early from a
// store that cannot be read. One goroutine uses it at a time.
type source struct {
	ctx    context.Context
	r      io.ReadSeeker
	size   int64
	pos    int64 // of the next byte that buf returns
	buf    *bufio.Reader
	back   int   // how often seek went back
	failed error // the first error of r, or the end of ctx
}

func newSource(ctx context.Context, r io.ReadSeeker) (*source, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("find the size of a file: %w", err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("go to the start of a file: %w", err)
	}
	s := &source{ctx: ctx, r: r, size: size}
	s.buf = bufio.NewReaderSize(raw{s}, 32<<10)
	return s, nil
}

// raw reads what is read, for the buffer, and notes why it failed.
type raw struct{ s *source }

func (r raw) Read(p []byte) (int, error) {
	s := r.s
	if s.ctx.Err() != nil {
		s.failed = fmt.Errorf("read a picture: %w", context.Cause(s.ctx))
		return 0, s.failed
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.failed = fmt.Errorf("read a picture: %w", err)
	}
	return n, err
}

// nearby is how far seek reads on instead: to seek in an object store is a
// request.
const nearby = 256 << 10

// maxBack is how often seek may go back, which reads a buffer again, and in an
// object store is a request. A film with tracks of metadata needs it some ten
// times.
const maxBack = 1000

// seek goes to an offset from the start.
func (s *source) seek(offset int64) error {
	if offset < 0 || offset > s.size {
		return errTruncated
	}
	if ahead := offset - s.pos; ahead >= 0 && ahead <= nearby {
		n, err := s.buf.Discard(int(ahead))
		s.pos += int64(n)
		if err == io.EOF {
			return errTruncated
		}
		return err
	} else if ahead < 0 {
		if s.back++; s.back > maxBack {
			return errParts
		}
	}
	if _, err := s.r.Seek(offset, io.SeekStart); err != nil {
		s.failed = fmt.Errorf("read a picture: %w", err)
		return s.failed
	}
	s.pos = offset
	s.buf.Reset(raw{s})
	return nil
}

// skip goes n bytes further, and fails at the end of the file.
func (s *source) skip(n int64) error {
	if n < 0 || n > s.size-s.pos {
		return errTruncated
	}
	return s.seek(s.pos + n)
}

// bytes reads n bytes, which must be few.
func (s *source) bytes(n int) ([]byte, error) {
	if int64(n) > s.size-s.pos {
		return nil, errTruncated
	}
	b := make([]byte, n)
	return b, s.fill(b)
}

func (s *source) fill(b []byte) error {
	n, err := io.ReadFull(s.buf, b)
	s.pos += int64(n)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errTruncated
	}
	return err
}

func (s *source) byte() (byte, error) {
	b, err := s.buf.ReadByte()
	if err == io.EOF {
		return 0, errTruncated
	}
	if err == nil {
		s.pos++
	}
	return b, err
}

func (s *source) uint16() (int, error) {
	var b [2]byte
	err := s.fill(b[:])
	return int(binary.BigEndian.Uint16(b[:])), err
}

// part is a piece of what is written: bytes of the source from offset, or zeros,
// or data.
type part struct {
	offset, size int64
	zeros        bool
	data         []byte
}

// maxParts bounds what a plan holds in memory. Parts that follow each other are
// one.
const maxParts = 10_000

// parts is what is kept of a file, in order.
type parts []part

func (p *parts) keep(offset, size int64) error {
	if last := len(*p) - 1; last >= 0 {
		if l := &(*p)[last]; l.data == nil && !l.zeros && l.offset+l.size == offset {
			l.size += size
			return nil
		}
	}
	return p.add(part{offset: offset, size: size})
}

func (p *parts) add(one part) error {
	if len(*p) >= maxParts {
		return errParts
	}
	*p = append(*p, one)
	return nil
}

// size returns the bytes of all parts.
func (p parts) size() (bytes int64) {
	for _, one := range p {
		bytes += one.length()
	}
	return bytes
}

// copyParts writes the parts of the source. The error is what r or w returned.
func (s *source) copyParts(w io.Writer, all parts) error {
	_, err := io.Copy(w, &partsReader{s: s, rest: all})
	if s.failed != nil {
		return s.failed
	}
	return err
}

// partsReader reads the parts of a source. Not even a decoder that wants more
// gets anything else.
type partsReader struct {
	s    *source
	rest parts
	done int64 // bytes of the first of rest
}

func (r *partsReader) Read(p []byte) (int, error) {
	for len(r.rest) > 0 && r.done == r.rest[0].length() {
		r.rest, r.done = r.rest[1:], 0
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	one := r.rest[0]
	p = p[:min(int64(len(p)), one.length()-r.done)]
	n, err := len(p), error(nil)
	switch {
	case one.data != nil:
		copy(p, one.data[r.done:])
	case one.zeros:
		clear(p)
	default:
		if err := r.s.seek(one.offset + r.done); err != nil {
			return 0, err
		}
		n, err = r.s.buf.Read(p)
		r.s.pos += int64(n)
		if err == io.EOF {
			err = errTruncated
		}
	}
	r.done += int64(n)
	return n, err
}

func (p part) length() int64 {
	if p.data != nil {
		return int64(len(p.data))
	}
	return p.size
}

// badPicture is a refusal. Its text is for the user.
type badPicture struct {
	sentence string
	cause    error // may be nil
}

func (b *badPicture) Error() string { return b.sentence }

func (b *badPicture) Unwrap() []error {
	if b.cause == nil {
		return []error{ErrBadPicture}
	}
	return []error{ErrBadPicture, b.cause}
}

func badf(format string, args ...any) error {
	return &badPicture{sentence: fmt.Sprintf(format, args...)}
}

const (
	truncated = "This file ends too early: it may not have been copied whole. " +
		"Try again with the original."
	broken = "This picture is broken and cannot be shown. " +
		"Open it in another program, save it there, and send that."
)

var (
	errTruncated = badf(truncated)
	errBroken    = badf(broken)
	errParts     = badf("This file has too many parts. Save it again in another program, and send that.")
)

// explain returns what the user, or the operator, is told: the store's error if
// it failed, and else that the picture is bad. Errors of decoders are no
// sentences, so they become one.
func (s *source) explain(err error) error {
	var write *writeError
	switch {
	case err == nil:
		return nil
	case s.failed != nil:
		return s.failed
	case errors.As(err, &write):
		return write.err
	case errors.Is(err, ErrBadPicture), s.ctx.Err() != nil:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &badPicture{truncated, err}
	}
	return &badPicture{broken, err}
}

// writeError marks what the writer returned among the errors of an encoder.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// markWriter marks the errors of w.
type markWriter struct{ w io.Writer }

func (m markWriter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	if err != nil {
		err = &writeError{err}
	}
	return n, err
}
