package picture

import (
	"image"
	"image/color"
	"testing"
)

// TestShrinkIsTheMean: each pixel is the mean of those that it covers, also of
// parts of them, and the whole picture keeps its mean.
func TestShrinkIsTheMean(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 5, 3))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 17)
	}
	if got := shrink(m, m.Rect, 1, 1).RGBAAt(0, 0); got != (color.RGBA{119, 119, 119, 255}) {
		t.Errorf("one pixel is %v, want the mean, 119", got)
	}
	// 2.5 by 3 pixels: the middle column counts half.
	want := (17.0*(0+1+5+6+10+11) + 17*(2+7+12)/2.0) / 7.5
	if got := shrink(m, m.Rect, 2, 1).RGBAAt(0, 0); got.R != uint8(want+0.5) {
		t.Errorf("left half is %d, want %v", got.R, want)
	}
	for _, size := range [][2]int{{5, 3}, {4, 3}, {5, 2}, {3, 2}} {
		one := shrink(image.White, image.Rect(0, 0, 5, 3), size[0], size[1])
		for i, v := range one.Pix {
			if v != 255 {
				t.Fatalf("%v: byte %d of white is %d", size, i, v)
			}
		}
	}
	half := shrink(m, image.Rect(-5, 0, 5, 3), 2, 1) // m covers the right half
	if left, right := half.RGBAAt(0, 0), half.RGBAAt(1, 0); left.A != 0 || right.A != 255 {
		t.Errorf("outside of the picture: alpha %d, inside %d", left.A, right.A)
	}
}
