package picture

import (
	"encoding/binary"
	"slices"
)

// mediaReader goes through the boxes of an ISO media file: MP4, QuickTime, HEIF,
// AVIF. Boxes with metadata become free space of the same size, since tables
// count offsets from the start of the file.
type mediaReader struct {
	*source
	patches

	boxes, depth int
	items        bool // HEIF: a picture is an item, and metadata are others
}

// box is where a box is.
type box struct {
	kind       string
	start, end int64
	body       int64 // where its content starts
}

// Limits of how many boxes are looked at, and of how many there may be around
// one. A film has a few hundred, cut into fragments a few thousand, and six
// around the innermost.
const (
	maxBoxes = 200_000
	maxDepth = 16
)

// metadataBoxes are blanked wherever they are: what users and programs wrote,
// XMP, and space that was left free, with what it held before.
var metadataBoxes = []string{"udta", "uuid", "free", "skip", "pnot", "PICT"}

// itemBrands are the brands of files whose pictures are items.
var itemBrands = []string{
	"mif1", "msf1", "heic", "heix", "hevc", "hevx", "heim", "heis", "avif", "avis", "avci",
}

func (m *mediaReader) file() error {
	return m.each(0, m.size, func(b box) error {
		switch b.kind {
		case "ftyp":
			brands, err := m.content(b, 256)
			for ; err == nil && len(brands) >= 4; brands = brands[4:] {
				m.items = m.items || slices.Contains(itemBrands, string(brands[:4]))
			}
			return err
		case "moov":
			return m.each(b.body, b.end, m.movie)
		case "meta":
			if m.items {
				return m.itemMetadata(b)
			}
			return m.blank(b)
		}
		return m.other(b)
	})
}

func (m *mediaReader) movie(b box) error {
	switch b.kind {
	case "mvhd":
		return m.blankTimes(b)
	case "meta":
		return m.blank(b)
	case "trak":
		return m.track(b)
	case "gps ":
		return m.dashCamera(b)
	}
	return m.other(b)
}

// dashCamera blanks the positions that many dash cameras write beside the
// pictures, up to the headers of their boxes, and the box that says where they
// are.
func (m *mediaReader) dashCamera(b box) error {
	places, err := m.table(b, 4, 8, maxChunks)
	for ; err == nil && len(places) > 0; places = places[8:] {
		offset, size := int64(binary.BigEndian.Uint32(places)), int64(binary.BigEndian.Uint32(places[4:]))
		if offset < m.size {
			err = m.zero(offset+8, min(size, m.size-offset)-8)
		}
	}
	if err != nil {
		return err
	}
	return m.blank(b)
}

func (m *mediaReader) other(b box) error {
	if slices.Contains(metadataBoxes, b.kind) {
		return m.blank(b)
	}
	return nil
}

// each calls f for each box between two offsets, until one is not understood. A
// box that is longer than what is around it ends there.
func (m *mediaReader) each(start, end int64, f func(box) error) error {
	m.depth++
	defer func() { m.depth-- }()
	for start+8 <= end {
		if m.boxes++; m.boxes > maxBoxes || m.depth > maxDepth {
			return errParts
		}
		if err := m.seek(start); err != nil {
			return err
		}
		head, err := m.bytes(8)
		if err != nil {
			return err
		}
		b := box{kind: string(head[4:]), start: start, body: start + 8}
		size := uint64(binary.BigEndian.Uint32(head))
		switch size {
		case 0:
			size = uint64(end - start)
		case 1:
			if b.body += 8; b.body > end {
				return nil
			}
			long, err := m.bytes(8)
			if err != nil {
				return err
			}
			size = binary.BigEndian.Uint64(long)
		}
		if size < uint64(b.body-start) {
			return nil
		}
		b.end = start + int64(min(size, uint64(end-start)))
		if err := f(b); err != nil {
			return err
		}
		start = b.end
	}
	return nil
}

// content reads the content of a box, of which it needs no more than most bytes.
func (m *mediaReader) content(b box, most int64) ([]byte, error) {
	if err := m.seek(b.body); err != nil {
		return nil, err
	}
	return m.bytes(int(min(b.end-b.body, most)))
}

// blank makes a box free space.
func (m *mediaReader) blank(b box) error {
	if err := m.write(b.start+4, []byte("free")); err != nil {
		return err
	}
	return m.zero(b.body, b.end-b.body)
}

// blankTimes blanks when a movie, a track or its media was made.
func (m *mediaReader) blankTimes(b box) error {
	head, err := m.content(b, 1)
	if err != nil || len(head) == 0 {
		return err
	}
	size := int64(8)
	if head[0] == 1 {
		size = 16
	}
	return m.zero(b.body+4, min(size, b.end-b.body-4))
}

// track blanks the metadata of a track, and the whole track if it is nothing
// else: cameras store where they are in one, several times a second.
func (m *mediaReader) track(track box) error {
	var handler string
	var tables sampleTables
	var inside func(b box) error
	inside = func(b box) error {
		switch b.kind {
		case "tkhd", "mdhd":
			return m.blankTimes(b)
		case "mdia", "minf", "stbl":
			return m.each(b.body, b.end, inside)
		case "hdlr":
			c, err := m.content(b, 12)
			if err == nil && len(c) == 12 && handler == "" {
				handler = string(c[8:])
			}
			return err
		case "stsc":
			tables.perChunk = b
		case "stsz":
			tables.sizes = b
		case "stco", "co64":
			tables.chunks = b
		case "meta":
			return m.blank(b)
		}
		return m.other(b)
	}
	if err := m.each(track.body, track.end, inside); err != nil {
		return err
	}
	if handler != "meta" && handler != "camm" && handler != "gpmd" {
		return nil
	}
	if err := m.blankSamples(tables); err != nil {
		return err
	}
	return m.blank(track)
}
