package picture

import (
	"encoding/binary"
	"slices"
)

// chunk is where a chunk of a RIFF file is: WebP, WAV.
type chunk struct {
	name  string
	start int64 // of its header of 8 bytes
	size  int64 // without the header
}

// parts returns the chunk. The byte that makes its length even is written again,
// since a file may lack the last one.
func (c chunk) parts() parts {
	all := parts{{offset: c.start, size: 8 + c.size}}
	if c.size&1 == 1 {
		all = append(all, part{size: 1, zeros: true})
	}
	return all
}

// end returns where the next chunk starts: at an even offset.
func (c chunk) end() int64 { return c.start + 8 + c.size + c.size&1 }

// chunks calls f for each chunk up to an offset, and goes there. A chunk that is
// longer than that is cut off.
func (s *source) chunks(end int64, f func(chunk) error) error {
	for s.pos+8 <= end {
		start := s.pos
		head, err := s.bytes(8)
		if err != nil {
			return err
		}
		c := chunk{string(head[:4]), start, int64(binary.LittleEndian.Uint32(head[4:]))}
		if start+8+c.size > end {
			return errTruncated
		}
		if err := f(c); err != nil {
			return err
		}
		if err := s.seek(min(c.end(), end)); err != nil {
			return err
		}
	}
	return nil
}

// wavMetadata are the chunks of a WAV file that say who recorded what, when and
// where.
var wavMetadata = []string{"LIST", "bext", "iXML", "aXML", "axml", "id3 ", "ID3 ", "_PMX", "cart", "DISP"}

// cleanWAV makes chunks of metadata free space. A file that is cut off is
// cleaned as far as it goes.
func cleanWAV(s *source) (parts, error) {
	var blanked patches
	err := s.chunks(s.size, func(c chunk) error {
		if !slices.Contains(wavMetadata, c.name) {
			return nil
		}
		if err := blanked.write(c.start, []byte("JUNK")); err != nil {
			return err
		}
		return blanked.zero(c.start+8, c.size)
	})
	if err != nil && err != errTruncated {
		return nil, err
	}
	return blanked.apply(s.size)
}
