package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"
)

func TestJPEGIsCleanedWithoutEncoding(t *testing.T) {
	plain := encodeJPEG(t, quarters(64, 48))
	jfif := segment(0xE0, []byte("JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x00\x00"))
	icc := segment(0xE2, iccHeader, []byte{1, 1}, profileRGB())
	dirty := encodeJPEG(t, quarters(64, 48), jfif,
		segment(0xE0, []byte("JFXX\x00\x10"), []byte(secret)),
		segment(0xE1, []byte("Exif\x00\x00"), exif(1, binary.LittleEndian)),
		segment(0xE1, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(secret)),
		icc, segment(0xE2, []byte("MPF\x00"), []byte(secret)),
		segment(0xED, []byte("Photoshop 3.0\x00"), []byte(secret)),
		segment(0xFE, []byte(secret)))
	dirty = append(dirty, secret...)

	result, got := clean(t, dirty, "image/jpeg")
	if want := (Result{"image/jpeg", 64, 48, false}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	checkNoSecret(t, got)
	checkCorners(t, got)
	if want := bytes.Join([][]byte{plain[:2], jfif, icc, plain[2:]}, nil); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the %d of the picture, its density and its profile", len(got), len(want))
	}
}

func TestThumbnailOfJFIFIsRemoved(t *testing.T) {
	thumbnail := bytes.Repeat([]byte("sec"), 4)
	file := encodeJPEG(t, quarters(64, 48),
		segment(0xE0, []byte("JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x02\x02"), thumbnail))
	_, got := clean(t, file, "image/jpeg")
	if bytes.Contains(got, thumbnail) ||
		!bytes.Contains(got, []byte("JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x00\x00")) {
		t.Errorf("starts with %q", got[:40])
	}
	checkCorners(t, got)
}

func TestEveryOrientationIsTurned(t *testing.T) {
	orders := []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}
	for orientation := 1; orientation <= 8; orientation++ {
		block := exif(orientation, orders[orientation%2])
		m := stored(quarters(480, 320), orientation)
		icc := segment(0xE2, iccHeader, []byte{1, 1}, profileRGB())
		files := map[string][]byte{
			"image/jpeg": encodeJPEG(t, m, segment(0xE1, []byte("Exif\x00\x00"), block), icc),
			"image/png":  encodePNG(t, m, pngChunk("eXIf", block), chunkICCP(profileRGB())),
		}
		for mediaType, file := range files {
			result, got := clean(t, file, mediaType)
			if want := (Result{mediaType, 480, 320, false}); result != want {
				t.Errorf("orientation %d: result %+v, want %+v", orientation, result, want)
			}
			checkNoSecret(t, got)
			checkCorners(t, got)
			checkPreview(t, file, mediaType, 320, 213)
			for _, f := range [][]byte{got, checkPreview(t, got, result.Type, 320, 213)} {
				if !bytes.Contains(f, profileRGB()) && !bytes.Contains(f, chunkICCP(profileRGB())) {
					t.Errorf("%s: the colour profile is lost", mediaType)
				}
			}
		}
	}
}

// checkPreview makes a preview and checks its size and its corners.
func checkPreview(t *testing.T, file []byte, mediaType string, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := New().Preview(t.Context(), bytes.NewReader(file), mediaType, max(width, height), &b)
	if err != nil {
		t.Fatalf("preview of %s: %v", mediaType, err)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(b.Bytes()))
	if err != nil || config.Width != width || config.Height != height {
		t.Errorf("preview has %d × %d pixels, want %d × %d (%v)", config.Width, config.Height, width, height, err)
	}
	checkNoSecret(t, b.Bytes())
	checkCorners(t, b.Bytes())
	return b.Bytes()
}

func TestPNGIsCleanedWithoutEncoding(t *testing.T) {
	kept := [][]byte{pngChunk("gAMA", []byte{0, 0, 0xB1, 0x8F}), pngChunk("pHYs", make([]byte, 9))}
	want := encodePNG(t, quarters(64, 48), kept...)
	dirty := encodePNG(t, quarters(64, 48), kept[0], kept[1],
		pngChunk("eXIf", exif(1, binary.BigEndian)), pngChunk("tEXt", []byte("Comment\x00"+secret)),
		pngChunk("zTXt", []byte(secret)), pngChunk("iTXt", []byte(secret)), pngChunk("tIME", make([]byte, 7)),
		pngChunk("prVt", []byte(secret)))
	dirty = append(dirty, secret+"<script>"...)
	result, got := clean(t, dirty, "image/png")
	if want := (Result{"image/png", 64, 48, false}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	checkNoSecret(t, got)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

func TestGIFIsCleanedWithoutEncoding(t *testing.T) {
	plain := encodeGIF(t, quarters(400, 300), 3)
	comment := append([]byte{0x21, 0xFE, byte(len(secret))}, secret+"\x00"...)
	xmp := append([]byte("\x21\xFF\x0BXMP DataXMP"), append([]byte{byte(len(secret))}, secret+"\x00"...)...)
	start := 13 + int(colorTable(plain[10]))
	dirty := bytes.Join([][]byte{plain[:start], comment, xmp, plain[start:], []byte(secret)}, nil)
	result, got := clean(t, dirty, "image/gif")
	if want := (Result{"image/gif", 400, 300, true}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	checkNoSecret(t, got)
	if !bytes.Equal(got, plain) {
		t.Errorf("%d bytes, want %d", len(got), len(plain))
	}
	checkPreview(t, dirty, "image/gif", 320, 240)
}

func TestWebPIsCleanedWithoutEncoding(t *testing.T) {
	dirty := riff(vp8x(webpEXIF|webpXMP|webpAlpha|0x20, 2, 2),
		riffChunk("ICCP", profileRGB()), losslessQuarters(),
		riffChunk("EXIF", exif(1, binary.LittleEndian)), riffChunk("XMP ", []byte(secret)),
		riffChunk("MINE", []byte(secret)))
	dirty = append(dirty, secret...)
	result, got := clean(t, dirty, "image/webp")
	if want := (Result{"image/webp", 2, 2, false}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	want := riff(vp8x(webpAlpha|0x20, 2, 2), riffChunk("ICCP", profileRGB()), losslessQuarters())
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	checkNoSecret(t, got)
	checkCorners(t, got)
}

func TestTurnedWebPBecomesJPEG(t *testing.T) {
	for orientation := 2; orientation <= 8; orientation++ {
		file := riff(vp8x(webpEXIF, 2, 2), losslessQuarters(),
			riffChunk("EXIF", exif(orientation, binary.LittleEndian)))
		result, got := clean(t, file, "image/webp")
		if want := (Result{"image/jpeg", 2, 2, false}); result != want {
			t.Errorf("result %+v, want %+v", result, want)
		}
		m, _, err := image.Decode(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		want := turn(quarters(2, 2), orientation)
		for i := range 4 {
			// JPEG averages the colours of two by two pixels, but not how bright they are.
			_, g, _, _ := m.At(i%2, i/2).RGBA()
			_, wantG, _, _ := want.At(i%2, i/2).RGBA()
			if (g > 0x7FFF) != (wantG > 0x7FFF) {
				t.Errorf("orientation %d: pixel %d has green %x, want %x", orientation, i, g, wantG)
			}
		}
		checkNoSecret(t, got)
	}
}

func TestFirstFrameOfAnimatedWebP(t *testing.T) {
	frame := make([]byte, 16)
	putUint24(frame, 1) // left of the frame: 2 pixels
	putUint24(frame[6:], 1)
	putUint24(frame[9:], 1)
	anmf := riffChunk("ANMF", append(frame, losslessQuarters()...))
	file := riff(vp8x(webpAnimated|webpAlpha, 4, 2), riffChunk("ANIM", make([]byte, 6)), anmf, anmf)
	result, got := clean(t, file, "image/webp")
	if want := (Result{"image/webp", 4, 2, true}); result != want || !bytes.Equal(got, file) {
		t.Errorf("result %+v, want %+v", result, want)
	}
	var b bytes.Buffer
	kind, err := New().Preview(t.Context(), bytes.NewReader(file), "image/webp", 2, &b)
	if err != nil || kind != "image/png" {
		t.Fatalf("preview is %s: %v", kind, err)
	}
	m, _, err := image.Decode(bytes.NewReader(b.Bytes()))
	if err != nil || m.Bounds() != image.Rect(0, 0, 2, 1) {
		t.Fatalf("preview: %v %v", m, err)
	}
	_, _, _, left := m.At(0, 0).RGBA()
	_, _, _, right := m.At(1, 0).RGBA()
	if left != 0 || right != 0xFFFF {
		t.Errorf("alpha is %x and %x, want the frame at the right", left, right)
	}
}

// TestCostlyWebPIsServedAsItIs: how much the codes of a lossless picture need is
// not in its header.
func TestCostlyWebPIsServedAsItIs(t *testing.T) {
	file := riff(riffChunk("VP8L", append(vp8lHeader(1000, 1000), make([]byte, 300_000)...)))
	result, got := clean(t, file, "image/webp")
	if want := (Result{"image/webp", 1000, 1000, false}); result != want || !bytes.Equal(got, file) {
		t.Errorf("result %+v, want %+v", result, want)
	}
	var b bytes.Buffer
	_, err := New().Preview(t.Context(), bytes.NewReader(file), "image/webp", 320, &b)
	if err != ErrNoPreview || b.Len() > 0 {
		t.Errorf("error %v, want %v", err, ErrNoPreview)
	}
}
