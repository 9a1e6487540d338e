package picture

import (
	"image"
	"image/draw"
)

// shrink returns a smaller copy of m, of which only what lies in whole is
// looked at; the rest of whole is transparent. Each pixel is the mean of those
// that it covers.
//
// It takes one row at a time: the kernels of x/image/draw would need 32 bytes
// for each row and column, 120 MB for a photo, and its faster scalers look at
// four pixels of each, which flickers with fine lines.
func shrink(m image.Image, whole image.Rectangle, width, height int) *image.RGBA {
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	row := image.NewRGBA(image.Rect(0, 0, whole.Dx(), 1))
	columns := spans(whole.Dx(), width)
	sums := make([]uint64, 4*width) // of the row of small that is being made
	line := make([]uint64, 4*width)
	rows := spans(whole.Dy(), height)
	area := uint64(whole.Dx()) * uint64(whole.Dy())
	for y, s := range rows {
		clear(row.Pix)
		draw.Draw(row, row.Rect, m, image.Pt(whole.Min.X, whole.Min.Y+y), draw.Src)
		sum(line, row.Pix, columns)
		add(sums, line, s.weight)
		if s.rest == 0 && (y+1)*height%whole.Dy() != 0 {
			continue // more rows are covered by the same one
		}
		store(small.Pix[s.to*small.Stride:], sums, area)
		clear(sums)
		add(sums, line, s.rest)
	}
	return small
}

// span says which pixels of a shorter line cover one of a longer line: the first
// of them, how much of it that covers, and how much the next one covers. All
// lengths are multiplied so that they are whole numbers: a pixel of the longer
// line has the length of the shorter line, and the other way round.
type span struct {
	to           int
	weight, rest uint64
}

// spans returns a span for each pixel of the longer line.
func spans(long, short int) []span {
	all := make([]span, long)
	for i := range all {
		start, end := i*short, (i+1)*short
		to := start / long
		all[i] = span{to, uint64(short), 0}
		if border := (to + 1) * long; end > border {
			all[i] = span{to, uint64(border - start), uint64(end - border)}
		}
	}
	return all
}

// sum adds up the pixels of a row in those that cover them.
func sum(line []uint64, pixels []uint8, columns []span) {
	clear(line)
	for i, s := range columns {
		p, l := pixels[4*i:4*i+4], line[4*s.to:4*s.to+4]
		for c := range 4 {
			l[c] += s.weight * uint64(p[c])
		}
		if s.rest > 0 {
			l = line[4*s.to+4 : 4*s.to+8]
			for c := range 4 {
				l[c] += s.rest * uint64(p[c])
			}
		}
	}
}

func add(sums, line []uint64, weight uint64) {
	if weight == 0 {
		return
	}
	for i, v := range line {
		sums[i] += v * weight
	}
}

func store(pixels []uint8, sums []uint64, area uint64) {
	for i, sum := range sums {
		pixels[i] = uint8((sum + area/2) / area)
	}
}
