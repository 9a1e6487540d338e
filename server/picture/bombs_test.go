package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"runtime"
	"strings"
	"testing"
)

// bomb is a file that would need too much of memory or time.
type bomb struct {
	name, mediaType string
	file            []byte
	says            string // part of the sentence
}

func pngHeader(width, height uint32, depth, kind, interlaced byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, width)
	b = binary.BigEndian.AppendUint32(b, height)
	return pngChunk("IHDR", append(b, depth, kind, 0, 0, interlaced))
}

// deflated returns n zeros as zlib packs them.
func deflated(n int64) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, n); err != nil {
		panic(err)
	}
	z.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func pngFile(chunks ...[]byte) []byte {
	return bytes.Join(append([][]byte{pngSignature}, chunks...), nil)
}

// jpegHeader returns a frame header of three components.
func jpegHeader(marker byte, width, height int, sampling byte) []byte {
	return segment(marker, []byte{8, byte(height >> 8), byte(height), byte(width >> 8), byte(width), 3,
		1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0})
}

var oneScan = append(segment(0xDA, []byte{3, 1, 0, 2, 0, 3, 0, 0, 63, 0}), 1, 2, 3)

func jpegFile(parts ...[]byte) []byte {
	return bytes.Join([][]byte{{0xFF, 0xD8}, bytes.Join(parts, nil), {0xFF, 0xD9}}, nil)
}

func gifFile(width, height uint16, frames int) []byte {
	b := []byte("GIF89a")
	b = binary.LittleEndian.AppendUint16(b, width)
	b = binary.LittleEndian.AppendUint16(b, height)
	b = append(b, 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
	for range frames {
		b = append(b, 0x2C, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint16(b, width)
		b = binary.LittleEndian.AppendUint16(b, height)
		b = append(b, 0, 2, 2, 0x4C, 0x01, 0)
	}
	return append(b, 0x3B)
}

func bombs() []bomb {
	data := pngChunk("IDAT", deflated(4<<20))
	end := pngChunk("IEND", nil)
	lossless := []byte{0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0x88, 0x88, 0x08}
	frame := make([]byte, 16)
	putUint24(frame[6:], 3999)
	putUint24(frame[9:], 3999)
	anmf := riffChunk("ANMF", append(frame, riffChunk("VP8L", vp8lHeader(4000, 4000))...))
	return []bomb{
		{"png 65,535 × 65,535", "image/png",
			pngFile(pngHeader(65535, 65535, 8, 2, 0), data, end), "65535 × 65535"},
		{"png 2^31", "image/png", pngFile(pngHeader(1<<31-1, 1<<31-1, 16, 6, 0), data, end), "40 megapixels"},
		{"png 2^32", "image/png", pngFile(pngHeader(1<<32-1, 1<<32-1, 16, 6, 0), data, end), "40 megapixels"},
		{"png 1 × 65,535", "image/png", pngFile(pngHeader(1, 65535, 1, 0, 0), data, end), "16384 pixels"},
		{"png rgba 16 bit", "image/png", pngFile(pngHeader(4000, 4000, 16, 6, 0), data, end), "up to 7.5 are"},
		{"png rgba", "image/png", pngFile(pngHeader(6000, 6000, 8, 6, 0), data, end), "up to 15.0 are"},
		{"png interlaced", "image/png", pngFile(pngHeader(3000, 3000, 8, 6, 1), data, end), "up to 7.5 are"},
		{"png gray and transparent", "image/png",
			pngFile(pngHeader(6000, 6000, 8, 0, 0), pngChunk("tRNS", []byte{0, 0}), data, end), "up to 15.0 are"},
		{"apng", "image/png", pngFile(pngHeader(1, 1, 8, 2, 0),
			bytes.Repeat(pngChunk("fcTL", append([]byte("\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"),
				make([]byte, 14)...)), 1001),
			data, end), "1000 frames"},
		{"jpeg", "image/jpeg", jpegFile(jpegHeader(0xC0, 65535, 65535, 0x22), oneScan), "40 megapixels"},
		{"jpeg 4:4:4", "image/jpeg", jpegFile(jpegHeader(0xC0, 6000, 6000, 0x11), oneScan), "up to 20.0 are"},
		{"jpeg progressive", "image/jpeg",
			jpegFile(jpegHeader(0xC2, 4000, 3000, 0x22), oneScan), "not progressive"},
		{"jpeg rgb", "image/jpeg", jpegFile(segment(0xEE, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")),
			jpegHeader(0xC0, 4000, 3000, 0x11), oneScan), "up to 8.5 are"},
		{"jpeg of many scans", "image/jpeg",
			jpegFile(jpegHeader(0xC2, 1000, 1000, 0x22), bytes.Repeat(oneScan, 101)), "100 passes"},
		{"gif of 10,000 frames", "image/gif", gifFile(10, 10, 10_000), "1000 frames"},
		{"gif of large frames", "image/gif", gifFile(5000, 5000, 21), "500 megapixels"},
		{"gif 65,535 × 65,535", "image/gif", gifFile(65535, 65535, 1), "40 megapixels"},
		{"webp lossless", "image/webp", riff(riffChunk("VP8L", lossless)), "16384 × 16384"},
		{"webp canvas", "image/webp", riff(vp8x(0, 1<<24, 1<<24), losslessQuarters()), "40 megapixels"},
		{"webp frames", "image/webp",
			riff(vp8x(webpAnimated, 4000, 4000), bytes.Repeat(anmf, 32)), "500 megapixels"},
		{"webp with packed alpha", "image/webp", riff(vp8x(webpAlpha, 6000, 6000), riffChunk("ALPH", []byte{1, 0}),
			riffChunk("VP8 ", []byte("\x30\x01\x00\x9d\x01\x2a\x70\x17\x70\x17"))), "up to 6."},
	}
}

func vp8lHeader(width, height uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{0x2F}, (width-1)|(height-1)<<14)
}

// TestBombsAreRefusedByTheirHeaders also holds that nothing is decoded: no step
// allocates more than its buffers.
func TestBombsAreRefusedByTheirHeaders(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			if kind, err := Sniff(bytes.NewReader(b.file)); err != nil || kind != b.mediaType {
				t.Errorf("sniffed as %s: %v", kind, err)
			}
			before := allocated()
			_, err := New().Clean(t.Context(), bytes.NewReader(b.file), b.mediaType, io.Discard)
			_, preview := New().Preview(t.Context(), bytes.NewReader(b.file), b.mediaType, 1, io.Discard)
			if grown := allocated() - before; grown > 2<<20 {
				t.Errorf("allocated %d bytes", grown)
			}
			for _, err := range []error{err, preview} {
				if !errors.Is(err, ErrBadPicture) || !strings.Contains(err.Error(), b.says) {
					t.Errorf("error %v, want one that says %q", err, b.says)
				}
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestPackedTextsAreNotUnpacked has 128 MB of zeros in each chunk that may
// be compressed.
func TestPackedTextsAreNotUnpacked(t *testing.T) {
	packed := append([]byte("a\x00\x00"), deflated(128<<20)...)
	file := encodePNG(t, quarters(640, 480), pngChunk("iCCP", packed), pngChunk("zTXt", packed),
		pngChunk("iTXt", append([]byte("a\x00\x01\x00\x00\x00"), packed[3:]...)))
	before := allocated()
	clean(t, file, "image/png")
	checkPreview(t, file, "image/png", 320, 240)
	if grown := allocated() - before; grown > 16<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
}

// TestLargestPicturesFit decodes what is just allowed, and measures.
func TestLargestPicturesFit(t *testing.T) {
	const width, height = 5120, 2880
	files := map[string][]byte{
		"image/png": pngFile(pngHeader(width, height, 8, 6, 0),
			pngChunk("IDAT", deflated(height*(4*width+1))), pngChunk("IEND", nil)),
		"image/jpeg": grayJPEG(t, 8000, 4992),
	}
	for kind, file := range files {
		before := allocated()
		if _, err := New().Preview(t.Context(), bytes.NewReader(file), kind, 1280, io.Discard); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if grown := allocated() - before; grown > 64<<20 {
			t.Errorf("%s: allocated %d bytes", kind, grown)
		}
	}
}

// grayJPEG returns a JPEG of one colour, without the time that encoding takes:
// each block of 16 by 16 pixels is the same 32 bits. Sides are multiples of 16.
func grayJPEG(t testing.TB, width, height int) []byte {
	t.Helper()
	gray := image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]byte{gray.Y, gray.Cb, gray.Cr} {
		for i := range plane {
			plane[i] = 128
		}
	}
	file := encodeJPEG(t, gray)
	frame := bytes.Index(file, []byte{0xFF, 0xC0})
	binary.BigEndian.PutUint16(file[frame+5:], uint16(height))
	binary.BigEndian.PutUint16(file[frame+7:], uint16(width))
	const end = 6 // one block and the end of the file
	block := file[len(file)-end : len(file)-2]
	blocks := bytes.Repeat(block, width/16*(height/16))
	return bytes.Join([][]byte{file[:len(file)-end], blocks, file[len(file)-2:]}, nil)
}
