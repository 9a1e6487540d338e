package picture

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestBrokenPicturesAreRefused(t *testing.T) {
	whole := map[string][]byte{
		"image/jpeg": encodeJPEG(t, quarters(400, 300)),
		"image/png":  encodePNG(t, quarters(400, 300)),
		"image/gif":  encodeGIF(t, quarters(400, 300), 2),
		"image/webp": riff(losslessQuarters()),
	}
	for kind, file := range whole {
		for _, length := range []int{0, 1, 8, 20, len(file) / 2, len(file) - 1} {
			_, err := New().Clean(t.Context(), bytes.NewReader(file[:length]), kind, io.Discard)
			if !errors.Is(err, ErrBadPicture) {
				t.Errorf("%s cut to %d of %d bytes: %v", kind, length, len(file), err)
			}
		}
		page := append([]byte("<!doctype html><script>alert(1)</script>"), file...)
		_, err := New().Clean(t.Context(), bytes.NewReader(page), kind, io.Discard)
		if !errors.Is(err, ErrBadPicture) {
			t.Errorf("%s after a page: %v", kind, err)
		}
	}
	// Only its pixels are broken: a small one is refused by Clean, a large one by Preview.
	for _, width := range []int{100, 400} {
		file := encodePNG(t, quarters(width, width))
		at := bytes.Index(file, []byte("IDAT"))
		file[at+20] ^= 0x55
		_, err := New().Clean(t.Context(), bytes.NewReader(file), "image/png", io.Discard)
		if width > small {
			_, err = New().Preview(t.Context(), bytes.NewReader(file), "image/png", 320, io.Discard)
		}
		if !errors.Is(err, ErrBadPicture) || err.Error() != broken {
			t.Errorf("%d pixels: %v", width, err)
		}
	}
}

func TestHeadersThatLieAreRefused(t *testing.T) {
	small := encodePNG(t, quarters(8, 8))
	files := map[string][]byte{
		"two headers":      pngFile(small[8:33], pngHeader(60000, 60000, 8, 2, 0), small[33:]),
		"no header":        pngFile(small[33:]),
		"huge chunk":       pngFile(small[8:33], []byte("\xFF\xFF\xFF\xFFIDAT")),
		"more pixels":      pngFile(small[8:33], pngChunk("IDAT", deflated(1<<20)), pngChunk("IEND", nil)),
		"fewer pixels":     pngFile(small[8:33], pngChunk("IDAT", deflated(8)), pngChunk("IEND", nil)),
		"unknown critical": pngFile(small[8:33], pngChunk("CgBI", nil), small[33:]),
	}
	for name, file := range files {
		_, err := New().Clean(t.Context(), bytes.NewReader(file), "image/png", io.Discard)
		if !errors.Is(err, ErrBadPicture) {
			t.Errorf("png, %s: %v", name, err)
		}
	}
	lie := riff(vp8x(0, 3, 3), losslessQuarters())
	_, err := New().Clean(t.Context(), bytes.NewReader(lie), "image/webp", io.Discard)
	if !errors.Is(err, ErrBadPicture) {
		t.Errorf("webp of another size: %v", err)
	}
	two := jpegFile(jpegHeader(0xC0, 8, 8, 0x11), jpegHeader(0xC0, 60000, 60000, 0x11), oneScan)
	_, err = New().Clean(t.Context(), bytes.NewReader(two), "image/jpeg", io.Discard)
	if !errors.Is(err, ErrBadPicture) {
		t.Errorf("jpeg of two sizes: %v", err)
	}
}
