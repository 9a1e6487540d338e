package picture

import (
	"image"
	"image/color"
)

// turned is a picture the right way up: it turns coordinates, so that no second
// copy of the pixels is needed. One goroutine may use it, since At returns the
// same value each time: encoders call it for every pixel.
type turned struct {
	image.Image
	whole       image.Rectangle // of the picture; Image may be a part of it
	orientation int
	pixel       *pixel
}

// pixel is a color.Color that need not be allocated.
type pixel struct{ r, g, b, a uint32 }

func (p *pixel) RGBA() (r, g, b, a uint32) { return p.r, p.g, p.b, p.a }

// turn returns m the right way up.
func turn(m image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return m
	}
	return turned{m, m.Bounds(), orientation, new(pixel)}
}

// ColorModel is never that of a palette, since At returns what is no entry of
// one.
func (t turned) ColorModel() color.Model {
	switch m := t.Image.ColorModel(); m {
	case color.GrayModel, color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		return m
	}
	return color.NRGBAModel
}

func (t turned) Bounds() image.Rectangle {
	width, height := t.whole.Dx(), t.whole.Dy()
	if t.orientation >= 5 {
		width, height = height, width
	}
	return image.Rect(0, 0, width, height)
}

// Opaque is asked by encoders before they look at every pixel.
func (t turned) Opaque() bool {
	o, ok := t.Image.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

func (t turned) At(x, y int) color.Color {
	x, y = t.source(x, y)
	p := t.pixel
	switch m := t.Image.(type) {
	case *image.YCbCr:
		p.r, p.g, p.b, p.a = m.YCbCrAt(x, y).RGBA()
	case image.RGBA64Image:
		c := m.RGBA64At(x, y)
		p.r, p.g, p.b, p.a = uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A)
	default:
		p.r, p.g, p.b, p.a = m.At(x, y).RGBA()
	}
	return p
}

// source returns which pixel of the picture as stored is shown at x, y. EXIF
// says where row 0 and column 0 of what is stored are to be seen.
func (t turned) source(x, y int) (int, int) {
	right, bottom := t.whole.Dx()-1, t.whole.Dy()-1
	switch t.orientation {
	case 2: // top, right: mirrored
		x = right - x
	case 3: // bottom, right: upside down
		x, y = right-x, bottom-y
	case 4: // bottom, left
		y = bottom - y
	case 5: // left, top
		x, y = y, x
	case 6: // right, top: to be turned clockwise
		x, y = y, bottom-x
	case 7: // right, bottom
		x, y = right-y, bottom-x
	case 8: // left, bottom: to be turned anticlockwise
		x, y = right-y, x
	}
	return t.whole.Min.X + x, t.whole.Min.Y + y
}
