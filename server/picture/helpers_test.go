package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// secret stands for a position, a name, a camera: no byte of it may be served.
const secret = "GPS 52.5163N 13.3777E"

// corners are the colours of a test picture: top left, top right, bottom left,
// bottom right.
var corners = [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}}

// quarters returns a picture of four colours.
func quarters(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, corners[2*(2*y/height)+2*x/width])
		}
	}
	return m
}

// stored returns m as a camera with the given orientation would store it.
func stored(m image.Image, orientation int) image.Image {
	back := orientation // all but the quarter turns undo themselves
	switch orientation {
	case 6:
		back = 8
	case 8:
		back = 6
	}
	t := turn(m, back)
	copied := image.NewNRGBA(t.Bounds())
	for y := range copied.Rect.Dy() {
		for x := range copied.Rect.Dx() {
			copied.Set(x, y, t.At(x, y))
		}
	}
	return copied
}

// checkCorners compares the colours of a picture with those of quarters.
func checkCorners(t *testing.T, encoded []byte) {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(encoded))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	b := m.Bounds()
	for i, want := range corners {
		x, y := b.Min.X+b.Dx()/4+i%2*b.Dx()/2, b.Min.Y+b.Dy()/4+i/2*b.Dy()/2
		r, g, bl, _ := m.At(x, y).RGBA()
		near := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > -30 && d < 30 }
		if !near(r, want.R) || !near(g, want.G) || !near(bl, want.B) {
			t.Errorf("quarter %d is %d,%d,%d, want %v", i, r>>8, g>>8, bl>>8, want)
		}
	}
}

func checkNoSecret(t *testing.T, encoded []byte) {
	t.Helper()
	for _, word := range []string{secret, "Exif", "eXIf", "EXIF", "adobe:ns", "Photoshop"} {
		if bytes.Contains(encoded, []byte(word)) {
			t.Errorf("the file still contains %q", word)
		}
	}
}

// exif returns a TIFF block with an orientation and a GPS directory.
func exif(orientation int, order binary.AppendByteOrder) []byte {
	b := []byte("MM")
	if order.String() == "LittleEndian" {
		b = []byte("II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = appendTag(b, order, tagOrientation, 3, 1)
	b = append(order.AppendUint16(b, uint16(orientation)), 0, 0)
	b = appendTag(b, order, 0x8825, 4, 1)
	b = order.AppendUint32(b, 38)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, 1)
	b = appendTag(b, order, 0x1D, 2, uint32(len(secret)))
	b = order.AppendUint32(b, 56)
	b = order.AppendUint32(b, 0)
	return append(b, secret...)
}

func appendTag(b []byte, order binary.AppendByteOrder, tag, kind uint16, count uint32) []byte {
	return order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), count)
}

// profileRGB is as much of a colour profile as anybody here looks at.
func profileRGB() []byte {
	p := make([]byte, 600)
	copy(p[16:], "RGB XYZ ")
	copy(p[36:], "acsp")
	copy(p[128:], "a profile")
	return p
}

func segment(marker byte, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	return append([]byte{0xFF, marker, byte((len(all) + 2) >> 8), byte(len(all) + 2)}, all...)
}

// encodeJPEG returns a JPEG with the given segments after its start.
func encodeJPEG(t testing.TB, m image.Image, segments ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{b.Bytes()[:2], bytes.Join(segments, nil), b.Bytes()[2:]}, nil)
}

func pngChunk(name string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, name...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// encodePNG returns a PNG with the given chunks after its header.
func encodePNG(t testing.TB, m image.Image, chunks ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{b.Bytes()[:33], bytes.Join(chunks, nil), b.Bytes()[33:]}, nil)
}

// encodeGIF returns an animation.
func encodeGIF(t testing.TB, m image.Image, frames int) []byte {
	t.Helper()
	palette := color.Palette{color.Transparent, color.Black, corners[0], corners[1], corners[2], corners[3]}
	one := image.NewPaletted(m.Bounds(), palette)
	for y := range one.Rect.Dy() {
		for x := range one.Rect.Dx() {
			one.Set(x, y, m.At(x, y))
		}
	}
	var g gif.GIF
	for range frames {
		g.Image, g.Delay = append(g.Image, one), append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func riffChunk(name string, content []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))
	b = append(b, content...)
	if len(content)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func riff(chunks ...[]byte) []byte {
	return riffChunk("RIFF", append([]byte("WEBP"), bytes.Join(chunks, nil)...))
}

func vp8x(flags byte, width, height int) []byte {
	b := make([]byte, 10)
	b[0] = flags
	putUint24(b[4:], int64(width-1))
	putUint24(b[7:], int64(height-1))
	return riffChunk("VP8X", b)
}

// losslessQuarters returns a VP8L chunk of 2 by 2 pixels with the four colours.
// Go has no encoder: each colour channel is written with a code of two symbols
// of one bit, and alpha with one of none.
func losslessQuarters() []byte {
	var bits []byte
	n := 0
	put := func(value uint32, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(value>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2F, 8)
	put(1, 14)
	put(1, 14)
	put(1, 1) // alpha is used
	put(0, 3)
	put(0, 1) // no transformation
	put(0, 1) // no color cache
	put(0, 1) // one group of codes
	for range 3 {
		put(1, 1)   // simple
		put(1, 1)   // two symbols
		put(0, 1)   // the first is 0 or 1
		put(0, 1)   // 0
		put(255, 8) // 255
	}
	put(1, 1) // alpha: simple
	put(0, 1) // one symbol
	put(1, 1) // of eight bits
	put(255, 8)
	put(1, 1) // distance
	put(0, 1)
	put(0, 1)
	put(0, 1)
	for _, c := range corners {
		for _, v := range []uint8{c.G, c.R, c.B} {
			put(uint32(v&1), 1)
		}
	}
	return riffChunk("VP8L", bits)
}

// clean runs Clean on a file and returns what it wrote.
func clean(t *testing.T, file []byte, mediaType string) (Result, []byte) {
	t.Helper()
	var b bytes.Buffer
	result, err := New().Clean(t.Context(), bytes.NewReader(file), mediaType, &b)
	if err != nil {
		t.Fatalf("clean %s: %v", mediaType, err)
	}
	return result, b.Bytes()
}
