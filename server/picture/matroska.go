package picture

import "encoding/binary"

// Elements of Matroska, which WebM is a part of.
const (
	matroskaSegment = 0x18538067
	matroskaTags    = 0x1254C367
	matroskaInfo    = 0x1549A966
	matroskaTitle   = 0x7BA9
	matroskaDate    = 0x4461
	matroskaName    = 0x7384 // of the file
	matroskaVoid    = 0xEC   // free space, with what it held before
)

// matroskaReader goes through the elements of a Matroska file. Tags become void
// elements of the same size.
type matroskaReader struct {
	*source
	patches
	elements, depth int
}

func cleanMatroska(s *source) (parts, error) {
	m := &matroskaReader{source: s}
	if err := m.each(0, s.size); err != nil {
		return nil, err
	}
	return m.apply(s.size)
}

// each looks at the elements between two offsets, until one is not understood
// or does not say how long it is, as clusters of a live recording do. Elements
// after it stay.
func (m *matroskaReader) each(start, end int64) error {
	for start < end {
		if m.elements++; m.elements > maxBoxes || m.depth > maxDepth {
			return errParts
		}
		if err := m.seek(start); err != nil {
			return err
		}
		head, err := m.bytes(int(min(12, end-start)))
		if err != nil {
			return err
		}
		id, idSize := vint(head, false)
		size, sizeSize := vint(head[idSize:], true)
		if idSize == 0 || sizeSize == 0 {
			return nil
		}
		body := start + int64(idSize+sizeSize)
		unknown := size == 1<<(7*sizeSize)-1
		next := end
		if size < uint64(end-body) && !unknown {
			next = body + int64(size)
		}
		switch id {
		case matroskaSegment, matroskaInfo:
			m.depth++
			err = m.each(body, next)
			m.depth--
		case matroskaTags, matroskaTitle, matroskaDate, matroskaName, matroskaVoid:
			err = m.void(start, next)
		}
		if err != nil || unknown {
			return err
		}
		start = next
	}
	return nil
}

// void makes what lies between two offsets an element without a meaning.
func (m *matroskaReader) void(start, end int64) error {
	size := end - start
	head := []byte{0xEC, 0x80 | byte(size-2)}
	if size >= 9 {
		head = binary.BigEndian.AppendUint64(head[:1], 1<<56|uint64(size-9))
	}
	if err := m.write(start, head); err != nil {
		return err
	}
	return m.zero(start+int64(len(head)), size-int64(len(head)))
}

// vint reads a number of variable length, with or without the bit that says how
// long it is. Its own length is 0 if there is none.
func vint(b []byte, value bool) (n uint64, length int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	for mask := byte(0x80); mask > b[0]; mask >>= 1 {
		length++
	}
	length++
	if length > len(b) {
		return 0, 0
	}
	for _, one := range b[:length] {
		n = n<<8 | uint64(one)
	}
	if value {
		n &= 1<<(7*length) - 1
	}
	return n, length
}
