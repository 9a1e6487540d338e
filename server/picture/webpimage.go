package picture

import "encoding/binary"

// webpImage is the picture of a file, or of one frame.
type webpImage struct {
	width, height int64
	alpha, data   parts // chunks, with their headers; alpha may be empty
	lossless      bool  // data is VP8L
	packed        bool  // alpha is VP8L
}

// file returns a file of the picture alone: a decoder needs neither profile nor
// animation.
func (i webpImage) file() parts {
	var all parts
	if i.alpha != nil && !i.lossless {
		x := []byte("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		putUint24(x[12:], i.width-1)
		putUint24(x[15:], i.height-1)
		all = append(parts{{data: x}}, i.alpha...)
	}
	all = append(all, i.data...)
	head := []byte("RIFF\x00\x00\x00\x00WEBP")
	binary.LittleEndian.PutUint32(head[4:], uint32(all.size()+4))
	return append(parts{{data: head}}, all...)
}

func putUint24(b []byte, n int64) { b[0], b[1], b[2] = byte(n), byte(n>>8), byte(n>>16) }

// memory returns how many bytes the decoder allocates. A lossless picture, and
// alpha that is packed like one, takes 4 bytes a pixel, and up to 3 more for a
// palette and the blocks of its transformations. Of the rest, there are 3 bytes
// for 2 pixels, and the compressed data.
func (i webpImage) memory() int64 {
	pixels := i.width * i.height
	if i.lossless {
		return 7 * pixels
	}
	bytes := (i.width+15)&^15*((i.height+15)&^15)*3/2 + i.data.size()
	switch {
	case i.packed:
		bytes += 8 * pixels
	case i.alpha != nil:
		bytes += pixels
	}
	return bytes
}

// codes returns how many bytes the decoder may allocate for the prefix codes of
// a lossless picture, which no header tells. A byte of the file can describe up
// to 256 of them, in up to 2,600 groups, each with tables of its own.
func (i webpImage) codes() int64 {
	const tables, most = 7_000_000, 130_000_000
	switch {
	case i.lossless:
		return tables + min(256*i.data.size(), most)
	case i.packed:
		return tables + min(256*i.alpha.size(), most)
	}
	return 0
}
