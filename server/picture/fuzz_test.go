package picture

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// fuzz feeds files to all steps. None may panic, or allocate more than what
// decoding may plus a multiple of the file. What Clean wrote is clean: to clean
// it again changes nothing.
func fuzz(f *testing.F, mediaType string) {
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := Sniff(bytes.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		before := allocated()
		m := New()
		var once, twice bytes.Buffer
		result, err := m.Clean(t.Context(), bytes.NewReader(file), mediaType, &once)
		_, _ = m.Preview(t.Context(), bytes.NewReader(file), mediaType, 64, io.Discard) // may fail
		if grown := allocated() - before; grown > 3*64<<20+100*uint64(len(file)) {
			t.Errorf("allocated %d bytes for %d", grown, len(file))
		}
		if err != nil {
			return
		}
		again, err := m.Clean(t.Context(), bytes.NewReader(once.Bytes()), result.Type, &twice)
		if err != nil || again != result || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("cleaned again: %+v instead of %+v, %v", again, result, err)
		}
	})
}

func FuzzJPEG(f *testing.F) {
	block := exif(6, binary.BigEndian)
	f.Add(encodeJPEG(f, quarters(70, 50), segment(0xE1, []byte("Exif\x00\x00"), block)))
	f.Add(encodeJPEG(f, quarters(70, 50), segment(0xE2, iccHeader, []byte{1, 1}, profileRGB())))
	f.Add(jpegFile(jpegHeader(0xC2, 100, 100, 0x22), bytes.Repeat(oneScan, 3)))
	f.Add(jpegFile(segment(0xE0, []byte("JFIF\x00")), segment(0xEE, []byte("Adobe")), oneScan))
	f.Add(jpegFile(segment(0xC0, []byte{8, 0, 1, 0, 1, 1, 1, 0, 0}), oneScan))
	f.Add([]byte("\xFF\xD8\xFF\xE1\x00\x02\xFF\xFF\xFF"))
	fuzz(f, "image/jpeg")
}

func FuzzPNG(f *testing.F) {
	f.Add(encodePNG(f, quarters(70, 50), pngChunk("eXIf", exif(8, binary.LittleEndian))))
	for _, b := range bombs() {
		if b.mediaType == "image/png" && len(b.file) < 10_000 {
			f.Add(b.file)
		}
	}
	f.Add(pngFile(pngHeader(8, 8, 16, 6, 1), pngChunk("IDAT", deflated(600)), pngChunk("IEND", nil)))
	fuzz(f, "image/png")
}

func FuzzGIF(f *testing.F) {
	f.Add(encodeGIF(f, quarters(70, 50), 2))
	f.Add(gifFile(100, 100, 3))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x21\xFF\x00\x21\xFE\x00\x3B"))
	fuzz(f, "image/gif")
}

func FuzzWebP(f *testing.F) {
	f.Add(riff(losslessQuarters()))
	f.Add(riff(vp8x(webpEXIF, 2, 2), losslessQuarters(), riffChunk("EXIF", exif(3, binary.LittleEndian))))
	frame := make([]byte, 16)
	putUint24(frame[6:], 1)
	putUint24(frame[9:], 1)
	f.Add(riff(vp8x(webpAnimated, 4, 2), riffChunk("ANMF", append(frame, losslessQuarters()...))))
	f.Add(riff(riffChunk("VP8 ", []byte("\x30\x01\x00\x9d\x01\x2a\x10\x00\x10\x00"))))
	f.Add(riff(vp8x(webpAlpha, 16, 16), riffChunk("ALPH", []byte{1, 0}),
		riffChunk("VP8 ", []byte("\x30\x01\x00\x9d\x01\x2a\x10\x00\x10\x00"))))
	fuzz(f, "image/webp")
}

func FuzzMedia(f *testing.F) {
	f.Add(mediaBox("ftyp", []byte("isom"), numbers(0)))
	f.Add(bytes.Join([][]byte{mediaBox("ftyp", []byte("isom"), numbers(0)),
		mediaBox("moov", mediaTrack("meta", 0), mediaTrack("camm", 1<<31))}, nil))
	f.Add(bytes.Join([][]byte{mediaBox("ftyp", []byte("isom"), numbers(0)),
		mediaBox("moov", mediaBox("gps ", numbers(0, 2, 8, 100, 1<<31, 1<<31)))}, nil))
	f.Add(bytes.Join([][]byte{mediaBox("ftyp", []byte("avif"), numbers(0)),
		mediaBox("meta", numbers(0), mediaBox("iinf", numbers(1<<24, 1),
			mediaBox("infe", numbers(3<<24, 1, 0))),
			mediaBox("iloc", numbers(2<<24), bytes.Repeat([]byte{0xFF}, 40)))}, nil))
	fuzz(f, "video/mp4")
}

func FuzzWAV(f *testing.F) {
	f.Add([]byte("RIFF\x2C\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00data\xFF\xFF\xFF\xFF"))
	fuzz(f, "audio/wav")
}

func FuzzMatroska(f *testing.F) {
	f.Add([]byte("\x1A\x45\xDF\xA3\x80\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x12\x54\xC3\x67\x80"))
	f.Add([]byte("\x18\x53\x80\x67\x8A\x12\x54\xC3\x67\x88\x00\x00\x00\x00\x00"))
	fuzz(f, "video/webm")
}

func FuzzMP3(f *testing.F) {
	f.Add([]byte("ID3\x04\x00\x10\x00\x00\x00\x02xx3DI\x04\x00\x10\x00\x00\x00\x02\xFF\xFB"))
	f.Add([]byte("\xFF\xFB\x90\x00" + "APETAGEX" + string(make([]byte, 24))))
	fuzz(f, "audio/mpeg")
}

func FuzzOrientation(f *testing.F) {
	f.Add(exif(6, binary.BigEndian))
	f.Add(exif(1, binary.LittleEndian)[:20])
	f.Add([]byte("II*\x00\xFF\xFF\xFF\xFF"))
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := orientation(block); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
