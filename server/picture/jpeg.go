package picture

import (
	"bytes"
	"cmp"
	"slices"
)

// Markers of JPEG segments, the second byte after 0xFF.
const (
	jpegTEM  = 0x01
	jpegSOF0 = 0xC0
	jpegSOF2 = 0xC2 // progressive
	jpegDHT  = 0xC4
	jpegJPG  = 0xC8
	jpegDAC  = 0xCC
	jpegRST0 = 0xD0
	jpegSOI  = 0xD8
	jpegEOI  = 0xD9
	jpegSOS  = 0xDA
	jpegDQT  = 0xDB
	jpegDRI  = 0xDD
	jpegAPP0 = 0xE0
)

// maxScans bounds how often a decoder goes through all pixels of a progressive
// picture. Encoders make about ten scans; each costs a few bytes.
const maxScans = 100

// jpegReader is what is known while the segments of a JPEG are read.
type jpegReader struct {
	*source
	p         *plan
	scans     int
	ahead     byte // the marker that scan has read already; 0: none
	adobe     int  // colour transform of the Adobe segment, -1 without one
	jfif      bool
	frame     []byte // the start of frame; nil before it
	frameKind byte
	icc       []iccPiece
	iccSize   int
}

type iccPiece struct {
	number byte
	data   []byte
}

var (
	exifHeader = []byte("Exif\x00")
	iccHeader  = []byte("ICC_PROFILE\x00")
)

// readJPEG keeps what is needed to show the picture: the JFIF and Adobe
// segments, the colour profile, tables and scans. It drops everything else: EXIF
// with its thumbnail, XMP, Photoshop's data, comments, the indexes of further
// pictures, segments that nobody knows, and what is after the end of the first
// picture.
func readJPEG(s *source, p *plan) error {
	j := &jpegReader{source: s, p: p, adobe: -1}
	p.frames = 1
	start, err := s.bytes(2)
	if err != nil {
		return err
	}
	if start[0] != 0xFF || start[1] != jpegSOI {
		return errBroken
	}
	if err := p.keep.keep(0, 2); err != nil {
		return err
	}
	marker, err := j.next()
	for ; err == nil && marker != jpegEOI; marker, err = j.next() {
		if err = j.segment(marker); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if j.scans == 0 {
		return errBroken
	}
	if err := p.keep.keep(s.pos-2, 2); err != nil {
		return err
	}
	j.joinProfile()
	return nil
}

// next goes to the next marker, over the fill bytes before it.
func (j *jpegReader) next() (byte, error) {
	if marker := j.ahead; marker != 0 {
		j.ahead = 0
		return marker, nil
	}
	for {
		b, err := j.byte()
		if err != nil {
			return 0, err
		}
		if b != 0xFF {
			continue // decoders skip what is between segments, too
		}
		for b == 0xFF {
			if b, err = j.byte(); err != nil {
				return 0, err
			}
		}
		if beginsSegment(b) {
			return b, nil
		}
	}
}

// beginsSegment reports whether b, after 0xFF, is a marker that ends compressed
// data, and that a length follows unless it is the end of the picture.
func beginsSegment(b byte) bool {
	return b != 0 && b != jpegTEM && (b < jpegRST0 || b >= jpegSOI)
}

func (j *jpegReader) segment(marker byte) error {
	start := j.pos - 2
	length, err := j.uint16()
	if err != nil {
		return err
	}
	if length < 2 || marker == jpegSOI {
		return errBroken
	}
	length -= 2
	keep := false
	switch {
	case marker == jpegSOS:
		return j.scan(start, length)
	case marker == jpegDHT || marker == jpegDAC || marker == jpegDQT || marker == jpegDRI:
		keep = true
	case marker >= jpegSOF0 && marker <= 0xCF && marker != jpegJPG:
		keep, err = true, j.startOfFrame(marker, length)
	case marker >= jpegAPP0 && marker <= jpegAPP0+15:
		keep, err = j.app(int(marker-jpegAPP0), length)
	}
	if err != nil {
		return err
	}
	end := start + 4 + int64(length)
	if keep {
		if err := j.p.keep.keep(start, end-start); err != nil {
			return err
		}
	}
	return j.skip(end - j.pos)
}

// app reads an application segment and reports whether it is kept.
func (j *jpegReader) app(number, length int) (keep bool, err error) {
	switch number {
	case 0:
		head, err := j.bytes(min(length, 14))
		if err != nil || len(head) < 14 || string(head[:5]) != "JFIF\x00" {
			return false, err
		}
		// Behind the header there may be a thumbnail, which need not even show the
		// same picture. JFXX is nothing but that.
		head[12], head[13] = 0, 0
		j.jfif = true
		return false, j.replace(jpegAPP0, head)
	case 1:
		return false, j.exif(length)
	case 2:
		return j.iccSegment(length)
	case 14:
		head, err := j.bytes(min(length, 12))
		if err != nil || len(head) < 12 || string(head[:5]) != "Adobe" {
			return false, err
		}
		j.adobe = int(head[11])
		return false, j.replace(jpegAPP0+14, head)
	}
	return false, nil
}

// replace writes a segment in place of the one that was read.
func (j *jpegReader) replace(marker byte, content []byte) error {
	segment := []byte{0xFF, marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}
	return j.p.keep.add(part{data: append(segment, content...)})
}

func (j *jpegReader) exif(length int) error {
	if j.p.orientation != 0 {
		return nil
	}
	data, err := j.bytes(length)
	if err == nil && len(data) > 6 && bytes.HasPrefix(data, exifHeader) {
		j.p.orientation = orientation(data[6:])
	}
	return err
}

func (j *jpegReader) iccSegment(length int) (bool, error) {
	if length < 14 {
		return false, nil
	}
	head, err := j.bytes(14)
	if err != nil || !bytes.HasPrefix(head, iccHeader) {
		return false, err
	}
	if j.iccSize += length; j.iccSize > maxProfile {
		j.icc = nil
		return true, nil
	}
	data, err := j.bytes(length - 14)
	j.icc = append(j.icc, iccPiece{head[12], data})
	return true, err
}

func (j *jpegReader) joinProfile() {
	if j.iccSize > maxProfile {
		return
	}
	slices.SortStableFunc(j.icc, func(a, b iccPiece) int { return cmp.Compare(a.number, b.number) })
	var profile []byte
	for _, piece := range j.icc {
		profile = append(profile, piece.data...)
	}
	j.p.setProfile(profile)
}
