package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestOneDecodeAtATime(t *testing.T) {
	m := New()
	file := encodePNG(t, quarters(400, 300))
	m.turn <- struct{}{} // somebody decodes
	stop := errors.New("the client is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	_, err := m.Preview(ctx, bytes.NewReader(file), "image/png", 320, io.Discard)
	if !errors.Is(err, stop) || errors.Is(err, ErrBadPicture) {
		t.Errorf("error %v, want the cause", err)
	}
	done := make(chan error)
	go func() {
		_, err := m.Preview(t.Context(), bytes.NewReader(file), "image/png", 320, io.Discard)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("decoded beside another one: %v", err)
	default:
	}
	<-m.turn
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// failing is a store that goes away, and a writer whose disk is full.
type failing struct {
	*bytes.Reader
	after int64
}

var errAway = errors.New("store away")

func (f failing) Read(p []byte) (int, error) {
	if f.Size()-int64(f.Len()) >= f.after {
		return 0, errAway
	}
	return f.Reader.Read(p[:min(len(p), 100)])
}

func (f failing) Write([]byte) (int, error) { return 0, errAway }

func TestFailuresOfStoresAreNoBadPictures(t *testing.T) {
	for kind, file := range map[string][]byte{
		"image/png":  encodePNG(t, quarters(400, 300), pngChunk("eXIf", exif(6, binary.BigEndian))),
		"image/jpeg": encodeJPEG(t, quarters(400, 300)),
		"image/gif":  encodeGIF(t, quarters(400, 300), 2),
		"text/plain": []byte(strings.Repeat("text", 1000)),
	} {
		for _, after := range []int64{0, 200} {
			_, err := New().Clean(t.Context(), failing{bytes.NewReader(file), after}, kind, io.Discard)
			if !errors.Is(err, errAway) || errors.Is(err, ErrBadPicture) {
				t.Errorf("%s: read after %d: %v", kind, after, err)
			}
		}
		_, err := New().Clean(t.Context(), bytes.NewReader(file), kind, failing{})
		if !errors.Is(err, errAway) || errors.Is(err, ErrBadPicture) {
			t.Errorf("%s: write: %v", kind, err)
		}
		if !IsPicture(kind) {
			continue
		}
		_, err = New().Preview(t.Context(), bytes.NewReader(file), kind, 320, failing{})
		if !errors.Is(err, errAway) || errors.Is(err, ErrBadPicture) {
			t.Errorf("%s: write preview: %v", kind, err)
		}
	}
}

// counting counts how often it is sent elsewhere.
type counting struct {
	*bytes.Reader
	seeks int
}

func (c *counting) Seek(offset int64, whence int) (int64, error) {
	c.seeks++
	return c.Reader.Seek(offset, whence)
}

// TestFewSeeks: in an object store, each is a request.
func TestFewSeeks(t *testing.T) {
	chunks := bytes.Repeat(pngChunk("tEXt", make([]byte, 100_000)), 20)
	file := &counting{Reader: bytes.NewReader(encodePNG(t, quarters(400, 300), chunks))}
	if _, err := New().Clean(t.Context(), file, "image/png", io.Discard); err != nil {
		t.Fatal(err)
	}
	if file.seeks > 4 {
		t.Errorf("%d seeks: to the end, to the start, back, and over the texts", file.seeks)
	}
}
