package blob

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestPutAndOpen(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		for _, size := range []int{0, 1, 5000, partSize - 1, partSize, partSize + 1, 2*partSize + 7} {
			want := content(size)
			for _, announced := range []int64{int64(size), -1} {
				key := fmt.Sprintf("ab/%d.%d", size, announced+2)
				if err := s.Put(t.Context(), key, stream{bytes.NewReader(want)}, announced); err != nil {
					t.Fatalf("put %d bytes, announced as %d: %v", size, announced, err)
				}
				if got := get(t, s, key); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, announced as %d: got %d others", size, announced, len(got))
				}
			}
		}
		put(t, s, "ab/1.3", []byte("other"))
		if got := get(t, s, "ab/1.3"); string(got) != "other" {
			t.Errorf("replaced: got %q", got)
		}
	})
}

func TestReaderErrorsLeaveNothing(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		broken := errors.New("the client is gone")
		put(t, s, "ab/kept", []byte("old"))
		for name, test := range map[string]struct {
			r    io.Reader
			size int64
			want error
		}{
			"at once":         {breaking(0, broken), -1, broken},
			"in the middle":   {breaking(100, broken), 200, broken},
			"in a later part": {breaking(partSize+9, broken), -1, broken},
			"too short":       {strings.NewReader("123"), 4, ErrSize},
			"too long":        {strings.NewReader("12345"), 4, ErrSize},
			"not empty":       {strings.NewReader("1"), 0, ErrSize},
			"long, too long":  {bytes.NewReader(content(partSize + 10)), partSize + 9, ErrSize},
			"long, too short": {bytes.NewReader(content(partSize + 10)), partSize + 11, ErrSize},
		} {
			for _, key := range []string{"ab/new", "ab/kept"} {
				err := s.Put(t.Context(), key, test.r, test.size)
				if !errors.Is(err, test.want) {
					t.Errorf("%s: %v, want %v", name, err, test.want)
				}
				if r, ok := test.r.(io.Seeker); ok {
					_, _ = r.Seek(0, io.SeekStart)
				} else {
					test.r = iotest.ErrReader(broken)
				}
			}
		}
		if got := keys(t, s, ""); !slices.Equal(got, []string{"ab/kept"}) ||
			string(get(t, s, "ab/kept")) != "old" {
			t.Errorf("there are %q", got)
		}
		leftovers(t, s)
	})
}

// breaking returns a reader that fails with err after so many bytes.
func breaking(after int, err error) io.Reader {
	return io.MultiReader(bytes.NewReader(content(after)), iotest.ErrReader(err))
}

// leftovers fails the test if an upload that has failed left something behind.
func leftovers(t *testing.T, s Store) {
	t.Helper()
	switch s := s.(type) {
	case *folder:
		if names := temporaryFiles(t, s); len(names) > 0 {
			t.Errorf("temporary files: %q", names)
		}
	case *bucket:
		if ids := multipartUploads(t, s); len(ids) > 0 {
			t.Errorf("multipart uploads: %q", ids)
		}
	}
}

func TestPutEndsWithItsContext(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		ctx, cancel := context.WithCancel(t.Context())
		endless := readFunc(func(p []byte) (int, error) {
			cancel()
			return len(p), nil
		})
		if err := s.Put(ctx, "ab/endless", endless, -1); !errors.Is(err, context.Canceled) {
			t.Errorf("put: %v", err)
		}
		if got := keys(t, s, ""); len(got) > 0 {
			t.Errorf("there are %q", got)
		}
		leftovers(t, s)
	})
}

// Whoever holds many uploads open without sending anything holds no memory.
func TestPartsGrow(t *testing.T) {
	for size, want := range map[int]int{0: firstBuffer, 1: firstBuffer, firstBuffer + 1: 3 * firstBuffer} {
		part, last, err := fill(bufio.NewReader(bytes.NewReader(content(size))), nil, partSize)
		if err != nil || !last || !bytes.Equal(part, content(size)) || cap(part) > want {
			t.Errorf("%d bytes: %d of them in a buffer of %d, last %t, %v", size, len(part), cap(part), last,
				err)
		}
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
