// Package picture reads files that anybody sends: it finds out what they are,
// refuses pictures that would need too much memory, removes what they say of
// their makers, and makes previews.
//
// A picture goes through three steps. Its headers are read, by seeking from one
// to the next, into a plan: sizes, the memory that decoding will take, and the
// parts of the file to keep. What exceeds a limit ends there. Then the parts to
// keep are copied, or decoded. A decoder sees nothing else of the file.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"
)

// Limits of pictures. They hold for every format, and are checked before
// anything is decoded.
const (
	MaxSide   = 16_384     // pixels
	MaxPixels = 40_000_000 // of one image; what one frame shows
	MaxFrames = 1_000      // of an animation

	// maxAnimation is how many pixels all frames of an animation may have: as
	// many as every viewer's browser has to decode.
	maxAnimation = 500_000_000

	// maxDecoded is how many bytes a decoder may allocate for one picture, its
	// largest preview and a few buffers not included: 64 MiB in all.
	maxDecoded = 60_000_000

	// small is the longer side in pixels up to which Clean decodes a picture to
	// see whether it is broken: larger ones are decoded for their previews.
	small = 320
)

// ErrBadPicture is what the errors of Clean and Preview wrap for a picture that
// is broken, or that exceeds a limit. Their texts are whole sentences for users.
var ErrBadPicture = errors.New("bad picture")

// ErrNoPreview is what Preview returns for a picture that is no larger than the
// preview would be, for a file that is no picture, and for a WebP whose decoding
// may need too much memory (large lossless ones): browsers show the original.
var ErrNoPreview = errors.New("no preview")

// Result is what Clean has written.
type Result struct {
	Type          string // media type; another one than before if the picture had to be encoded again
	Width, Height int    // pixels, the right way up; 0 if it is no picture
	Animated      bool
}

// Observer is told how long one step took: op is "clean" or "preview".
type Observer func(op string, d time.Duration, err error)

// Maker cleans pictures and makes previews, one decode at a time. Its methods
// may be called from any goroutine. It need not be closed.
type Maker struct {
	// Observe may be set before the first call.
	Observe Observer

	turn chan struct{} // has one place
}

// New returns a Maker. Makers do not know of each other: a process should have
// one, since each may use 64 MiB.
func New() *Maker { return &Maker{turn: make(chan struct{}, 1)} }

var (
	pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}
	players  = []string{
		"video/mp4", "video/webm", "audio/webm", "audio/ogg", "video/ogg", "application/ogg", "audio/mpeg",
	}
)

// IsPicture reports whether files of a media type are pictures that can be
// cleaned and have previews.
func IsPicture(mediaType string) bool { return slices.Contains(pictures, mediaType) }

// IsInline reports whether a browser may show files of a media type by itself.
// All others must be served as attachments.
func IsInline(mediaType string) bool {
	return IsPicture(mediaType) || slices.Contains(players, mediaType)
}

// Clean writes what is to be served in place of the file in r: without position,
// camera, comments and other metadata, and, if it is a picture, the right way
// up. It decodes and encodes only pictures that have to be turned; everything
// else is copied as it is.
//
// Of MP4, QuickTime, HEIF, AVIF, Matroska, WebM and WAV it blanks position, texts
// and dates, and of MP3 it drops all tags. Files of other types are copied whole:
// documents, Ogg, FLAC and TIFF say what their makers wrote in them.
//
// mediaType is what Sniff returned. The error wraps ErrBadPicture, the cause of
// ctx, or what r or w returned.
func (m *Maker) Clean(ctx context.Context, r io.ReadSeeker, mediaType string, w io.Writer) (
	result Result, err error) {
	defer m.observe("clean", time.Now(), &err)
	s, err := newSource(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if !IsPicture(mediaType) {
		parts, err := cleanOther(s, mediaType)
		if err != nil {
			return Result{}, s.explain(err)
		}
		return Result{Type: mediaType}, s.copyParts(w, parts)
	}
	p, err := readPlan(s, mediaType)
	if err != nil {
		return Result{}, s.explain(err)
	}
	result = Result{Type: mediaType, Animated: p.frames > 1}
	result.Width, result.Height = p.upright(p.width, p.height)
	if p.turned() && p.frames <= 1 {
		result.Type, err = m.encodeUpright(ctx, s, p, w)
		return result, s.explain(err)
	}
	if max(p.width, p.height) <= small && !p.costly {
		if err := m.verify(ctx, s, p); err != nil {
			return Result{}, s.explain(err)
		}
	}
	return result, s.copyParts(w, p.keep)
}

// Preview writes a copy of the picture in r whose longer side has the given
// number of pixels: JPEG, or PNG if it is transparent in places. It is the right
// way up, also if r is not, and the first frame of an animation. r may be a
// larger preview of the same picture, which costs less.
//
// The error is ErrNoPreview, or wraps ErrBadPicture, the cause of ctx, or what r
// or w returned.
func (m *Maker) Preview(ctx context.Context, r io.ReadSeeker, mediaType string, longer int, w io.Writer) (
	previewType string, err error) {
	defer m.observe("preview", time.Now(), &err)
	if !IsPicture(mediaType) {
		return "", ErrNoPreview
	}
	s, err := newSource(ctx, r)
	if err != nil {
		return "", err
	}
	p, err := readPlan(s, mediaType)
	if err != nil {
		return "", s.explain(err)
	}
	if max(p.width, p.height) <= longer || longer < 1 || p.costly {
		return "", ErrNoPreview
	}
	encoded, previewType, err := m.preview(ctx, s, p, longer)
	if err != nil {
		return "", s.explain(err)
	}
	_, err = encoded.WriteTo(w)
	return previewType, err
}

// preview makes a preview in memory: nobody else waits until w has taken it.
func (m *Maker) preview(ctx context.Context, s *source, p *plan, longer int) (*bytes.Buffer, string, error) {
	leave, err := m.enter(ctx, p)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	return preview(s, p, longer)
}

// encodeUpright turns a picture and encodes it again.
func (m *Maker) encodeUpright(ctx context.Context, s *source, p *plan, w io.Writer) (string, error) {
	leave, err := m.enter(ctx, p)
	if err != nil {
		return "", err
	}
	defer leave()
	return encodeUpright(s, p, w)
}

// verify decodes a picture and returns an error if that is not possible.
func (m *Maker) verify(ctx context.Context, s *source, p *plan) error {
	leave, err := m.enter(ctx, p)
	if err != nil {
		return err
	}
	defer leave()
	_, err = decode(s, p)
	return err
}

// enter waits for the turn to decode a picture. leave must be called after the
// last use of what was decoded.
func (m *Maker) enter(ctx context.Context, p *plan) (leave func(), err error) {
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a turn to decode: %w", context.Cause(ctx))
	}
	return func() {
		// Without this, the next picture would be allocated beside this one: the
		// collector waits until the heap has doubled, and keeps the pages of what it
		// has freed, among which the next may find no room.
		if p.memory > maxDecoded/4 {
			debug.FreeOSMemory()
		}
		<-m.turn
	}, nil
}

func (m *Maker) observe(op string, start time.Time, err *error) {
	if m.Observe != nil {
		m.Observe(op, time.Since(start), *err)
	}
}
