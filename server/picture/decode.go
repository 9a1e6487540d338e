package picture

import (
	"bufio"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// decode decodes a picture, or the first frame of an animation, from the parts
// that were planned. What it returns may be smaller than the picture: a frame
// lies somewhere in it.
func decode(s *source, p *plan) (m image.Image, err error) {
	defer func() {
		// No decoder should panic. If one does on a file that somebody made up,
		// the file is refused, and the server goes on.
		if v := recover(); v != nil {
			m, err = nil, &badPicture{broken, fmt.Errorf("decoder: panic: %v", v)}
		}
	}()
	r := bufio.NewReaderSize(&partsReader{s: s, rest: p.decoded()}, 32<<10)
	switch p.format {
	case "image/jpeg":
		m, err = jpeg.Decode(r)
	case "image/png":
		m, err = png.Decode(r)
	case "image/gif":
		m, err = gif.Decode(r)
	case "image/webp":
		m, err = webp.Decode(r)
		place(m, image.Pt(p.left, p.top))
	}
	if err != nil {
		return nil, err
	}
	if !m.Bounds().In(image.Rect(0, 0, p.width, p.height)) {
		return nil, errBroken
	}
	return m, nil
}

// place moves a frame of a WebP, which knows nothing of the rest, to where it is
// in the picture.
func place(m image.Image, by image.Point) {
	switch m := m.(type) {
	case *image.YCbCr:
		m.Rect = m.Rect.Add(by)
	case *image.NYCbCrA:
		m.Rect = m.Rect.Add(by)
	case *image.NRGBA:
		m.Rect = m.Rect.Add(by)
	}
}
