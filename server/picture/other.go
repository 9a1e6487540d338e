package picture

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// cleanOther returns what is kept of a file that is no picture. Sound, video and
// pictures that are served as attachments keep their length where offsets are
// counted in them: what is dropped becomes free space. A structure that is not
// understood is left as it is: it belongs to the sender, and a player is to see
// what the sender's player sees.
func cleanOther(s *source, mediaType string) (parts, error) {
	whole := parts{{size: s.size}}
	if s.size < 12 {
		return whole, nil
	}
	head, err := s.bytes(12)
	if err != nil {
		return nil, err
	}
	switch {
	case mediaType == "audio/mpeg":
		return cleanMP3(s)
	case string(head[4:8]) == "ftyp", mediaType == "video/quicktime":
		m := &mediaReader{source: s}
		if err := m.file(); err != nil {
			return nil, err
		}
		return m.apply(s.size)
	case mediaType == "video/webm", mediaType == "video/matroska":
		return cleanMatroska(s)
	case string(head[:4]) == "RIFF" && string(head[8:]) == "WAVE":
		return cleanWAV(s)
	}
	return whole, nil
}

// patches are pieces of a file that are written otherwise, at the same place.
type patches []part

func (p *patches) zero(offset, size int64) error {
	if size <= 0 {
		return nil
	}
	return p.add(part{offset: offset, size: size, zeros: true})
}

func (p *patches) write(offset int64, data []byte) error {
	return p.add(part{offset: offset, data: data})
}

func (p *patches) add(one part) error {
	if len(*p) >= maxParts {
		return errParts
	}
	*p = append(*p, one)
	return nil
}

// apply returns the parts of a file of a size with its patches. Of patches that
// overlap, the first one wins.
func (p patches) apply(size int64) (parts, error) {
	slices.SortStableFunc(p, func(a, b part) int { return cmp.Compare(a.offset, b.offset) })
	var all parts
	at := int64(0)
	for _, one := range p {
		start, end := max(one.offset, at), min(one.offset+one.length(), size)
		if start >= end {
			continue
		}
		if start > at {
			all = append(all, part{offset: at, size: start - at})
		}
		if one.data != nil {
			one.data = one.data[start-one.offset : end-one.offset]
		} else {
			one.size = end - start
		}
		all = append(all, one)
		at = end
	}
	if at < size {
		all = append(all, part{offset: at, size: size - at})
	}
	return all, nil
}

// cleanMP3 drops the tags before and after the sound: texts, pictures (with
// EXIF of their own), who bought it. Nothing in an MP3 counts from the start of
// the file.
func cleanMP3(s *source) (parts, error) {
	start, end := int64(0), s.size
	for start+10 <= end {
		if err := s.seek(start); err != nil {
			return nil, err
		}
		b, err := s.bytes(10)
		if err != nil {
			return nil, err
		}
		if string(b[:3]) != "ID3" {
			break
		}
		size := 10 + int64(b[6]&127)<<21 + int64(b[7]&127)<<14 + int64(b[8]&127)<<7 + int64(b[9]&127)
		if b[5]&0x10 != 0 {
			size += 10 // a footer
		}
		start = min(start+size, end)
	}
	for {
		size, err := tagBefore(s, start, end)
		if err != nil {
			return nil, err
		}
		if size == 0 {
			break
		}
		end -= size
	}
	return parts{{offset: start, size: end - start}}, nil
}

// tagBefore returns the size of a tag that ends at an offset, 0 if there is
// none: ID3v1, its extension, or APE.
func tagBefore(s *source, start, end int64) (int64, error) {
	for _, tag := range []struct {
		name string
		size int64
	}{{"TAG+", 227}, {"TAG", 128}, {"APETAGEX", 32}} {
		if end-tag.size < start {
			continue
		}
		if err := s.seek(end - tag.size); err != nil {
			return 0, err
		}
		b, err := s.bytes(32)
		if err != nil {
			return 0, err
		}
		if string(b[:len(tag.name)]) != tag.name {
			continue
		}
		if tag.name == "APETAGEX" {
			const hasHeader = 1 << 31
			tag.size = int64(binary.LittleEndian.Uint32(b[12:]))
			if binary.LittleEndian.Uint32(b[20:])&hasHeader != 0 {
				tag.size += 32
			}
		}
		if tag.size < 32 || end-tag.size < start {
			return 0, nil
		}
		return tag.size, nil
	}
	return 0, nil
}
