package picture

import "encoding/binary"

// sampleTables are the boxes that say where the samples of a track are.
type sampleTables struct {
	perChunk box // stsc: runs of chunks with as many samples
	sizes    box // stsz: bytes of each sample
	chunks   box // stco or co64: where each chunk starts
}

// Limits of the tables of a track of metadata: an hour of a hundred samples a
// second.
const (
	maxSamples = 400_000
	maxChunks  = maxParts
)

// blankSamples zeroes all samples of a track.
func (m *mediaReader) blankSamples(t sampleTables) error {
	offsets, err := m.chunkOffsets(t.chunks)
	if err != nil {
		return err
	}
	runs, err := m.table(t.perChunk, 4, 12, maxChunks)
	if err != nil {
		return err
	}
	sizes, err := m.sampleSizes(t.sizes)
	if err != nil {
		return err
	}
	samples := 0 // of each chunk of the run
	sample := 0
	for i, offset := range offsets {
		for len(runs) >= 12 && int64(binary.BigEndian.Uint32(runs)) <= int64(i+1) {
			samples = min(int(binary.BigEndian.Uint32(runs[4:])), maxSamples)
			runs = runs[12:]
		}
		bytes := sizes.sum(sample, samples)
		sample += samples
		if offset > m.size {
			continue
		}
		if err := m.zero(offset, min(bytes, m.size-offset)); err != nil {
			return err
		}
	}
	return nil
}

// table returns the rows of a table: skip is where its 32-bit count is.
func (m *mediaReader) table(b box, skip, row, most int64) ([]byte, error) {
	if b.end-b.body < skip+4 {
		return nil, nil
	}
	if err := m.seek(b.body + skip); err != nil {
		return nil, err
	}
	head, err := m.bytes(4)
	if err != nil {
		return nil, err
	}
	rows := min(int64(binary.BigEndian.Uint32(head)), (b.end-b.body-skip-4)/row)
	if rows > most {
		return nil, errParts
	}
	return m.bytes(int(rows * row))
}

func (m *mediaReader) chunkOffsets(b box) ([]int64, error) {
	width := int64(4)
	if b.kind == "co64" {
		width = 8
	}
	rows, err := m.table(b, 4, width, maxChunks)
	if err != nil {
		return nil, err
	}
	var all []int64
	for ; len(rows) > 0; rows = rows[width:] {
		if width == 4 {
			all = append(all, int64(binary.BigEndian.Uint32(rows)))
		} else {
			all = append(all, int64(binary.BigEndian.Uint64(rows)&(1<<62-1)))
		}
	}
	return all, nil
}

// sampleSizes are the bytes of samples: one size for all, or one for each.
type sampleSizes struct {
	all  int64
	rows []byte
}

func (m *mediaReader) sampleSizes(b box) (s sampleSizes, err error) {
	if b.end-b.body < 12 {
		return s, nil
	}
	head, err := m.content(b, 12)
	if err != nil {
		return s, err
	}
	if s.all = int64(binary.BigEndian.Uint32(head[4:])); s.all == 0 {
		s.rows, err = m.table(b, 8, 4, maxSamples)
	}
	return s, err
}

// sum returns the bytes of so many samples, from one of them on.
func (s sampleSizes) sum(first, count int) (bytes int64) {
	if s.all > 0 {
		return s.all * int64(count)
	}
	rows := s.rows[min(4*first, len(s.rows)):]
	for ; count > 0 && len(rows) >= 4; count, rows = count-1, rows[4:] {
		bytes += int64(binary.BigEndian.Uint32(rows))
	}
	return bytes
}
