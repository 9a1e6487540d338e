package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// These files would exhaust the stack or the processor, not the heap.

// TestDeepFilesAreRefused: a step into a box takes stack, which is never given
// back.
func TestDeepFilesAreRefused(t *testing.T) {
	const deep = 150_000
	var boxes []byte
	for left := deep; left > 0; left-- {
		boxes = append(binary.BigEndian.AppendUint32(boxes, uint32(8*left)), "mdia"...)
	}
	segment := "\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
	for mediaType, file := range map[string][]byte{
		"video/mp4": bytes.Join([][]byte{mediaBox("ftyp", []byte("isom"), numbers(0)),
			mediaBox("moov", mediaBox("trak", boxes))}, nil),
		"video/webm": []byte(strings.Repeat(segment, deep)),
	} {
		_, err := New().Clean(t.Context(), bytes.NewReader(file), mediaType, io.Discard)
		if !errors.Is(err, ErrBadPicture) {
			t.Errorf("%s: %v", mediaType, err)
		}
	}
}

// TestSamplesAreNotCounted has tracks whose tables announce so many samples that
// to count them would take hours.
func TestSamplesAreNotCounted(t *testing.T) {
	const chunks = 9000
	track := mediaBox("trak", mediaBox("mdia", mediaBox("hdlr", numbers(0, 0), []byte("meta"), numbers(0)),
		mediaBox("minf", mediaBox("stbl",
			mediaBox("stsc", numbers(0, 1, 1, 1<<32-1, 1)),
			mediaBox("stsz", numbers(0, 1, 1<<32-1)),
			mediaBox("stco", numbers(0, chunks), bytes.Repeat(numbers(1<<32-1), chunks))))))
	file := bytes.Join([][]byte{mediaBox("ftyp", []byte("isom"), numbers(0)),
		mediaBox("moov", bytes.Repeat(track, 300))}, nil)
	clean(t, file, "video/mp4")
}

// TestExtentsAreNotCounted has items with 65,535 pieces of no length each.
func TestExtentsAreNotCounted(t *testing.T) {
	item := append(numbers(1), 0, 0, 0, 0, 0xFF, 0xFF)
	items := bytes.Repeat(item, (maxItemBox-10)/len(item))
	file := bytes.Join([][]byte{mediaBox("ftyp", []byte("heic"), numbers(0)),
		mediaBox("meta", numbers(0),
			mediaBox("iinf", numbers(0), []byte{0, 1},
				mediaBox("infe", numbers(2<<24, 1<<16), []byte("Exif"))),
			mediaBox("iloc", numbers(2<<24), []byte{0, 0}, numbers(1<<32-1), items))}, nil)
	for range 20 {
		clean(t, file, "image/heic")
	}
}

// seekCounter counts how often a file is read from another place, which in an
// object store is a request.
type seekCounter struct {
	*bytes.Reader
	seeks int
}

func (s *seekCounter) Seek(offset int64, whence int) (int64, error) {
	s.seeks++
	return s.Reader.Seek(offset, whence)
}

func TestFilesAreReadInOneGo(t *testing.T) {
	item := mediaBox("infe", numbers(3<<24, 1, 0), []byte("Exif"))
	scans := encodeJPEG(t, quarters(640, 480))
	scans = bytes.Replace(scans, []byte{0xFF, 0xC0}, []byte{0xFF, 0xC2}, 1)
	scans = append(append(scans[:len(scans)-2], bytes.Repeat(oneScan, 90)...), 0xFF, 0xD9)
	for mediaType, file := range map[string][]byte{
		"image/jpeg": scans,
		"image/heic": bytes.Join([][]byte{mediaBox("ftyp", []byte("heic"), numbers(0)),
			mediaBox("meta", numbers(0), mediaBox("iinf", numbers(0), []byte{0, 0}, bytes.Repeat(item, 5000)),
				mediaBox("iloc", numbers(1<<24)))}, nil),
	} {
		s := &seekCounter{Reader: bytes.NewReader(file)}
		if _, err := New().Clean(t.Context(), s, mediaType, io.Discard); err != nil {
			t.Errorf("%s: %v", mediaType, err)
		}
		if s.seeks > 10 {
			t.Errorf("%s: %d seeks", mediaType, s.seeks)
		}
	}
	// Where going back is part of the format, there is a limit.
	s := &seekCounter{Reader: bytes.NewReader(bytes.Repeat([]byte("TAG"+string(make([]byte, 125))), 5000))}
	_, err := New().Clean(t.Context(), s, "audio/mpeg", io.Discard)
	if !errors.Is(err, ErrBadPicture) || s.seeks > maxBack+10 {
		t.Errorf("%d seeks, %v", s.seeks, err)
	}
}

// TestOneProfileIsRead has thousands of small profiles, each of which unpacks to
// 64 KiB.
func TestOneProfileIsRead(t *testing.T) {
	packed := pngChunk("iCCP", append([]byte("a\x00\x00"), deflated(maxProfile)...))
	file := encodePNG(t, quarters(640, 480), bytes.Repeat(packed, 2000))
	before := allocated()
	_, got := clean(t, file, "image/png")
	if grown := allocated() - before; grown > 2<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
	if n := bytes.Count(got, []byte("iCCP")); n != 1 {
		t.Errorf("%d profiles are left", n)
	}
}

// TestNothingHidesInAPicture puts a secret where no program would, but where
// browsers skip it.
func TestNothingHidesInAPicture(t *testing.T) {
	hidden := []byte(secret)
	jpegFile := encodeJPEG(t, quarters(64, 48), segment(0x02, hidden), segment(0xC8, hidden),
		segment(0xDC, hidden), segment(0xDE, hidden), segment(0xF0, hidden), segment(0xFD, hidden))
	pngFile := encodePNG(t, quarters(64, 48), pngChunk("gAMA", hidden), pngChunk("pHYs", hidden),
		pngChunk("sRGB", hidden), pngChunk("cICP", hidden), pngChunk("iCCP", append([]byte("a\x00\x00"),
			deflated(500)...)), pngChunk("iCCP", append([]byte("a\x00\x00"), hidden...)))
	gifFile := encodeGIF(t, quarters(64, 48), 1)
	loop := append([]byte("\x21\xFF\x0BNETSCAPE2.0\x03\x01\x00\x00"), byte(len(secret)))
	gifFile = bytes.Join([][]byte{gifFile[:len(gifFile)-1], loop, hidden,
		{0, 0x21, 0xF9, byte(len(secret))}, hidden, {0, 0x3B}}, nil)
	for mediaType, file := range map[string][]byte{
		"image/jpeg": jpegFile, "image/png": pngFile, "image/gif": gifFile,
		"image/webp": riff(losslessQuarters(), riffChunk("hide", hidden)),
	} {
		_, got := clean(t, file, mediaType)
		checkNoSecret(t, got)
		if mediaType != "image/webp" { // 2 by 2 pixels
			checkCorners(t, got)
		}
	}
}

func TestFramesOfAWebPAreCleaned(t *testing.T) {
	frame := make([]byte, 16)
	putUint24(frame[6:], 1)
	putUint24(frame[9:], 1)
	animation := func(first, second []byte) []byte {
		return riff(vp8x(webpAnimated, 4, 2), riffChunk("ANIM", make([]byte, 6)),
			riffChunk("ANMF", bytes.Join([][]byte{frame, first, losslessQuarters(), second}, nil)),
			riffChunk("ANMF", append(frame[:16:16], losslessQuarters()...)))
	}
	file := animation(riffChunk("EXIF", exif(1, binary.LittleEndian)), riffChunk("XMP ", []byte(secret)))
	result, got := clean(t, file, "image/webp")
	if want := (Result{"image/webp", 4, 2, true}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	checkNoSecret(t, got)
	if want := animation(nil, nil); !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDashCameraLosesItsPositions(t *testing.T) {
	kind := mediaBox("ftyp", []byte("isom"), numbers(0))
	position := mediaBox("free", []byte("GPS "+secret))
	start := uint32(len(kind) + 8 + 5)
	file := bytes.Join([][]byte{kind, mediaBox("mdat", []byte("video"), position, []byte("sound")),
		mediaBox("moov",
			mediaBox("gps ", numbers(0x101, 2, start, uint32(len(position)), 1<<31, 1<<31)))}, nil)
	_, got := clean(t, file, "video/mp4")
	checkNoSecret(t, got)
	if len(got) != len(file) || bytes.Contains(got, []byte("gps ")) ||
		!bytes.Contains(got, []byte("mdatvideo")) || !bytes.Contains(got, []byte("sound")) {
		t.Errorf("got %q", got)
	}
}

func TestWAVLosesItsTexts(t *testing.T) {
	sound := riffChunk("data", []byte("sound"))
	wav := func(chunks ...[]byte) []byte {
		return riffChunk("RIFF", append([]byte("WAVE"), bytes.Join(chunks, nil)...))
	}
	blank := func(size int) []byte { return riffChunk("JUNK", make([]byte, size)) }
	file := wav(riffChunk("fmt ", make([]byte, 16)), riffChunk("bext", []byte(secret)), sound,
		riffChunk("LIST", []byte("INFO"+secret)))
	if kind, err := Sniff(bytes.NewReader(file)); kind != "audio/wav" || err != nil {
		t.Errorf("sniffed as %s: %v", kind, err)
	}
	_, got := clean(t, file, "audio/wav")
	want := wav(riffChunk("fmt ", make([]byte, 16)), blank(len(secret)), sound, blank(4+len(secret)))
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	cut := file[:len(file)-10]
	if _, got := clean(t, cut, "audio/wav"); len(got) != len(cut) || !bytes.Equal(got[:60], want[:60]) {
		t.Errorf("a file that is cut off became %q", got)
	}
}
