package picture

import "encoding/binary"

// Limits of the tables of a HEIF file. A photo of a phone has some fifty items.
const (
	maxItems   = 10_000
	maxItemBox = 1 << 20 // bytes of a table
)

// itemMetadata zeroes the items of a HEIF file that are EXIF or XMP. Their places
// in the file stay. How a picture is turned is no metadata there.
func (m *mediaReader) itemMetadata(meta box) error {
	kinds := make(map[uint32]bool) // items to blank
	var locations, data box
	err := m.each(meta.body+4, meta.end, func(b box) error {
		switch b.kind {
		case "iinf":
			return m.itemKinds(b, kinds)
		case "iloc":
			locations = b
		case "idat":
			data = b
		}
		return m.other(b)
	})
	if err != nil || locations.kind == "" || len(kinds) == 0 {
		return err
	}
	content, err := m.content(locations, maxItemBox)
	if err != nil {
		return err
	}
	return m.blankItems(&cursor{b: content}, kinds, data)
}

func (m *mediaReader) itemKinds(b box, kinds map[uint32]bool) error {
	head, err := m.content(b, 8)
	if err != nil || len(head) < 8 {
		return err
	}
	start := b.body + 6
	if head[0] > 0 {
		start += 2
	}
	return m.each(start, b.end, func(b box) error {
		c, err := m.content(b, 14)
		if err != nil || b.kind != "infe" || len(c) < 12 {
			return err
		}
		id, kind := uint32(binary.BigEndian.Uint16(c[4:])), string(c[8:12])
		if c[0] == 3 && len(c) == 14 {
			id, kind = binary.BigEndian.Uint32(c[4:]), string(c[10:])
		}
		if len(kinds) < maxItems && (kind == "Exif" || kind == "mime" || kind == "uri ") {
			kinds[id] = true
		}
		return nil
	})
}

// blankItems reads where the items are, and zeroes those that are no pictures.
func (m *mediaReader) blankItems(c *cursor, kinds map[uint32]bool, data box) error {
	version := c.uint(1)
	c.uint(3)
	widths := c.uint(2)
	offsetSize, lengthSize := int(widths>>12&15), int(widths>>8&15)
	baseSize, indexSize := int(widths>>4&15), int(widths&15)
	if lengthSize == 0 {
		return nil // each is all of the file
	}
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	for items := c.uint(idSize); items > 0 && !c.failed; items-- {
		id := uint32(c.uint(idSize))
		var method uint64
		if version > 0 {
			method = c.uint(2) & 15
		}
		c.uint(2) // the file: this one
		base := c.uint(baseSize)
		for extents := c.uint(2); extents > 0 && !c.failed; extents-- {
			if version > 0 {
				c.uint(indexSize)
			}
			offset, length := base+c.uint(offsetSize), c.uint(lengthSize)
			if c.failed || !kinds[id] || method > 1 {
				continue
			}
			if method == 1 {
				offset += uint64(data.body)
			}
			if offset >= uint64(m.size) {
				continue
			}
			rest := uint64(m.size) - offset
			if length == 0 { // all of the file
				continue
			}
			if err := m.zero(int64(offset), int64(min(length, rest))); err != nil {
				return err
			}
		}
	}
	return nil
}

// cursor reads numbers from bytes. After the end it returns 0, and failed is
// set.
type cursor struct {
	b      []byte
	failed bool
}

// uint returns a number of 0 to 8 bytes.
func (c *cursor) uint(size int) (n uint64) {
	if size > len(c.b) || size > 8 {
		c.failed = true
		return 0
	}
	for _, b := range c.b[:size] {
		n = n<<8 | uint64(b)
	}
	c.b = c.b[size:]
	return n
}
