package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// pngKept are the chunks that say how the picture looks, and the most bytes that
// they have. What else there is (texts, times, EXIF, private data) is dropped.
var pngKept = map[string]int64{
	"IHDR": 13, "PLTE": 768, "IDAT": anyLength, "IEND": 0, "tRNS": 256, "gAMA": 4, "cHRM": 32, "sRGB": 1,
	"iCCP": anyLength, "cICP": 4, "mDCV": 24, "cLLI": 8, "bKGD": 6, "pHYs": 9, "sBIT": 4, "acTL": 8,
	"fcTL": 26, "fdAT": anyLength,
}

const anyLength = 1<<31 - 1

// pngReader is what is known while the chunks of a PNG are read.
type pngReader struct {
	*source
	p           *plan
	depth, kind byte
	interlaced  bool
	transparent bool // tRNS
	data        bool // IDAT
	profiled    bool // iCCP
	end         bool
}

func readPNG(s *source, p *plan) error {
	r := &pngReader{source: s, p: p}
	signature, err := s.bytes(8)
	if err != nil {
		return err
	}
	if string(signature) != string(pngSignature) {
		return errBroken
	}
	if err := p.keep.keep(0, 8); err != nil {
		return err
	}
	for !r.end {
		if err := r.chunk(); err != nil {
			return err
		}
	}
	if !r.data {
		return errBroken
	}
	p.frames = max(p.frames, 1)
	return p.setMemory(r.memory())
}

func (r *pngReader) chunk() error {
	start := r.pos
	head, err := r.bytes(8)
	if err != nil {
		return err
	}
	length, name := int64(binary.BigEndian.Uint32(head)), string(head[4:])
	if (name == "IHDR") != (start == 8) {
		return errBroken // the first, and there is one
	}
	most, keep := pngKept[name]
	keep = keep && length <= most
	switch name {
	case "IHDR":
		err = r.header(length)
	case "tRNS":
		r.transparent = true
	case "IDAT":
		r.data = true
	case "IEND":
		r.end = true
	case "fcTL":
		err = r.frame(length)
	case "eXIf":
		err = r.exif(length)
	case "iCCP":
		if keep = !r.profiled; keep { // there is one at most
			err = r.profile(length)
		}
		r.profiled = true
	}
	if err != nil {
		return err
	}
	size := length + 12
	if size > r.size-start {
		return errTruncated
	}
	if keep {
		if err := r.p.keep.keep(start, size); err != nil {
			return err
		}
	} else if name[0]&0x20 == 0 {
		return errBroken // a chunk without which the picture cannot be shown
	}
	return r.seek(start + size)
}

func (r *pngReader) header(length int64) error {
	if length != 13 {
		return errBroken
	}
	b, err := r.bytes(13)
	if err != nil {
		return err
	}
	r.depth, r.kind, r.interlaced = b[8], b[9], b[12] != 0
	return r.p.setSize(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:])))
}

func (r *pngReader) frame(length int64) error {
	if length != 26 {
		return errBroken
	}
	b, err := r.bytes(26)
	if err != nil {
		return err
	}
	return r.p.addFrame(int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:])))
}

// maxEXIF is the largest EXIF chunk that is read. In a JPEG, it has 64 KiB.
const maxEXIF = 64 << 10

func (r *pngReader) exif(length int64) error {
	if r.p.orientation != 0 {
		return nil
	}
	b, err := r.bytes(int(min(length, maxEXIF)))
	if err == nil {
		r.p.orientation = orientation(b)
	}
	return err
}

// profile reads a colour profile, the only thing that is inflated here, and no
// further than profiles are kept. A broken one is not: browsers ignore it, too.
func (r *pngReader) profile(length int64) error {
	b, err := r.bytes(int(min(length, maxProfile)))
	if err != nil {
		return err
	}
	name := bytes.IndexByte(b, 0)
	if name < 0 || len(b) < name+2 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(b[name+2:]))
	if err != nil {
		return nil
	}
	if profile, err := io.ReadAll(io.LimitReader(z, maxProfile+1)); err == nil {
		r.p.setProfile(profile)
	}
	return nil
}

// memory returns how many bytes Go's decoder allocates. The passes of an
// interlaced picture are pictures of their own, the largest of half the size.
func (r *pngReader) memory() int64 {
	const gray, palette = 0, 3
	each := int64(4)
	switch {
	case (r.kind == gray && !r.transparent) || r.kind == palette:
		each = 1
		if r.depth == 16 {
			each = 2
		}
	case r.depth == 16:
		each = 8
	}
	all := each * int64(r.p.width) * int64(r.p.height)
	if r.interlaced {
		all *= 2 // all passes, since the collector may come late
	}
	return all
}
