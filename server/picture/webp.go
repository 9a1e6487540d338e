package picture

import (
	"bytes"
	"encoding/binary"
)

// Flags of the VP8X chunk.
const (
	webpAnimated = 0x02
	webpXMP      = 0x04
	webpEXIF     = 0x08
	webpAlpha    = 0x10
)

// webpReader is what is known while the chunks of a WebP are read.
type webpReader struct {
	*source
	p        *plan
	header   []byte // RIFF header that is written; its size is filled in last
	flags    byte   // of VP8X
	profiled bool   // ICCP
	first    webpImage
}

// readWebP keeps the pictures, the colour profile and what controls an
// animation. It drops EXIF, XMP, unknown chunks and everything after the end,
// and corrects the flags and the length that speak of them.
func readWebP(s *source, p *plan) error {
	head, err := s.bytes(12)
	if err != nil {
		return err
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WEBP" {
		return errBroken
	}
	end := int64(binary.LittleEndian.Uint32(head[4:])) + 8
	if end > s.size {
		return errTruncated
	}
	r := &webpReader{source: s, p: p, header: head}
	if err := p.keep.add(part{data: head}); err != nil {
		return err
	}
	if err := s.chunks(end, r.top); err != nil {
		return err
	}
	return r.finish()
}

// top reads a chunk that is not inside another one.
func (r *webpReader) top(c chunk) error {
	switch c.name {
	case "VP8X":
		return r.extended(c)
	case "ICCP":
		return r.profile(c)
	case "ANIM":
		if c.size != 6 {
			return errBroken
		}
		return r.keep(c)
	case "ANMF":
		return r.frame(c)
	case "ALPH", "VP8 ", "VP8L":
		if r.flags&webpAnimated != 0 || r.first.data != nil {
			return errBroken
		}
		if err := r.image(c, &r.first); err != nil {
			return err
		}
		return r.keep(c)
	case "EXIF":
		b, err := r.bytes(int(min(c.size, maxEXIF)))
		if err == nil && r.p.orientation == 0 {
			r.p.orientation = orientation(bytes.TrimPrefix(b, []byte("Exif\x00\x00")))
		}
		return err
	}
	return nil
}

func (r *webpReader) keep(c chunk) error {
	for _, one := range c.parts() {
		if err := r.p.keep.add(one); err != nil {
			return err
		}
	}
	return nil
}

func (r *webpReader) extended(c chunk) error {
	if c.start != 12 || c.size != 10 {
		return errBroken
	}
	b, err := r.bytes(10)
	if err != nil {
		return err
	}
	r.flags = b[0]
	b[0] &^= webpEXIF | webpXMP
	if err := r.p.setSize(uint24(b[4:])+1, uint24(b[7:])+1); err != nil {
		return err
	}
	return r.p.keep.add(part{data: append([]byte("VP8X\x0a\x00\x00\x00"), b...)})
}

func uint24(b []byte) int64 { return int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 }

func (r *webpReader) profile(c chunk) error {
	if r.profiled {
		return nil // there is one at most
	}
	r.profiled = true
	if c.size <= maxProfile {
		b, err := r.bytes(int(c.size))
		if err != nil {
			return err
		}
		r.p.setProfile(b)
	}
	return r.keep(c)
}

// image reads the header of a picture, whose size must be what the file or the
// frame says, and notes where it is.
func (r *webpReader) image(c chunk, i *webpImage) error {
	b, err := r.bytes(int(min(c.size, 10)))
	if err != nil {
		return err
	}
	switch {
	case c.name == "ALPH" && len(b) > 0 && i.alpha == nil:
		i.alpha, i.packed = c.parts(), b[0]&3 == 1
		return nil
	case c.name == "VP8 " && len(b) == 10 && b[0]&1 == 0 && string(b[3:6]) == "\x9d\x01\x2a":
		i.width = int64(binary.LittleEndian.Uint16(b[6:]) & 0x3FFF)
		i.height = int64(binary.LittleEndian.Uint16(b[8:]) & 0x3FFF)
	case c.name == "VP8L" && len(b) >= 5 && b[0] == 0x2F:
		bits := int64(binary.LittleEndian.Uint32(b[1:]))
		i.width, i.height, i.lossless = bits&0x3FFF+1, bits>>14&0x3FFF+1, true
	default:
		return errBroken
	}
	if i.data != nil {
		return errBroken
	}
	i.data = c.parts()
	return nil
}

// frame reads a frame of an animation. It keeps the pictures in it and nothing
// else.
func (r *webpReader) frame(c chunk) error {
	if r.flags&webpAnimated == 0 || c.size < 16 {
		return errBroken
	}
	b, err := r.bytes(16)
	if err != nil {
		return err
	}
	left, top := 2*uint24(b), 2*uint24(b[3:])
	width, height := uint24(b[6:])+1, uint24(b[9:])+1
	if left+width > int64(r.p.width) || top+height > int64(r.p.height) {
		return errBroken
	}
	if err := r.p.addFrame(width, height); err != nil {
		return err
	}
	head := append([]byte("ANMF\x00\x00\x00\x00"), b...)
	if err := r.p.keep.add(part{data: head}); err != nil {
		return err
	}
	var image webpImage
	if err := r.chunks(c.start+8+c.size, func(inner chunk) error {
		if inner.name != "ALPH" && inner.name != "VP8 " && inner.name != "VP8L" {
			return nil
		}
		if err := r.image(inner, &image); err != nil {
			return err
		}
		return r.keep(inner)
	}); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(head[4:], uint32(16+image.alpha.size()+image.data.size()))
	if image.width != width || image.height != height {
		return errBroken
	}
	if r.p.frames == 1 {
		r.first = image
		r.p.left, r.p.top = int(left), int(top)
	}
	return nil
}

// finish checks what was read, and writes the length.
func (r *webpReader) finish() error {
	i := r.first
	if i.data == nil {
		return errBroken
	}
	if r.flags&webpAnimated == 0 {
		if r.p.width == 0 {
			if err := r.p.setSize(i.width, i.height); err != nil {
				return err
			}
		}
		if i.width != int64(r.p.width) || i.height != int64(r.p.height) {
			return errBroken
		}
		r.p.frames = 1
	}
	binary.LittleEndian.PutUint32(r.header[4:], uint32(r.p.keep.size()-8))
	r.p.still = i.file()
	r.p.costly = i.memory()+i.codes() > maxDecoded
	return r.p.setMemory(i.memory())
}
