package picture

import "slices"

// gifKept are the applications whose extensions are kept: how often the
// animation repeats.
var gifKept = []string{"NETSCAPE2.0", "ANIMEXTS1.0"}

// Bytes of the extensions that are kept. Longer ones are not what they say.
const (
	sizeControl    = 8
	maxApplication = 25 // how often the animation repeats, and how much to read ahead
)

// gifReader goes through the blocks of a GIF. Nothing is unpacked.
type gifReader struct {
	*source
	p *plan
}

func readGIF(s *source, p *plan) error {
	r := &gifReader{source: s, p: p}
	head, err := s.bytes(13)
	if err != nil {
		return err
	}
	if version := string(head[:6]); version != "GIF87a" && version != "GIF89a" {
		return errBroken
	}
	if err := p.setSize(int64(head[6])|int64(head[7])<<8, int64(head[8])|int64(head[9])<<8); err != nil {
		return err
	}
	if err := s.skip(colorTable(head[10])); err != nil {
		return err
	}
	if err := p.keep.keep(0, s.pos); err != nil {
		return err
	}
	for {
		more, err := r.block()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if p.frames == 0 {
		return errBroken
	}
	// A byte for each pixel, and as much again to put interlaced rows in order.
	return p.setMemory(2 * int64(p.width) * int64(p.height))
}

// colorTable returns the bytes of the table that flags announce.
func colorTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// block reads a frame or an extension, and reports whether more may follow.
func (r *gifReader) block() (more bool, err error) {
	start := r.pos
	kind, err := r.byte()
	if err != nil {
		return false, err
	}
	most := r.size // of what is kept
	switch kind {
	case 0x3B: // trailer
		return false, r.p.keep.keep(start, 1)
	case 0x2C:
		err = r.frame()
	case 0x21:
		most, err = r.extension()
	case 0x00: // some programs write one zero too many
		return true, nil
	default:
		err = errBroken
	}
	if err != nil || r.pos-start > most {
		return true, err
	}
	return true, r.p.keep.keep(start, r.pos-start)
}

func (r *gifReader) frame() error {
	b, err := r.bytes(9)
	if err != nil {
		return err
	}
	left, top := int64(b[0])|int64(b[1])<<8, int64(b[2])|int64(b[3])<<8
	width, height := int64(b[4])|int64(b[5])<<8, int64(b[6])|int64(b[7])<<8
	if left+width > int64(r.p.width) || top+height > int64(r.p.height) {
		return errBroken
	}
	if err := r.p.addFrame(width, height); err != nil {
		return err
	}
	if err := r.skip(colorTable(b[8]) + 1); err != nil { // 1: bits of the first code
		return err
	}
	return r.subBlocks()
}

// subBlocks goes over blocks of up to 255 bytes, up to an empty one.
func (r *gifReader) subBlocks() error {
	for {
		size, err := r.byte()
		if err != nil || size == 0 {
			return err
		}
		if err := r.skip(int64(size)); err != nil {
			return err
		}
	}
}

// extension returns up to which size the extension is kept: what controls a
// frame, and how often all is repeated. Comments and texts are not.
func (r *gifReader) extension() (most int64, err error) {
	const control, application = 0xF9, 0xFF
	label, err := r.byte()
	if err != nil {
		return 0, err
	}
	if label == control {
		return sizeControl, r.subBlocks()
	}
	if label != application {
		return 0, r.subBlocks()
	}
	size, err := r.byte()
	if err != nil || size == 0 {
		return 0, err
	}
	name, err := r.bytes(int(size))
	if err != nil {
		return 0, err
	}
	if slices.Contains(gifKept, string(name)) {
		most = maxApplication
	}
	return most, r.subBlocks()
}
