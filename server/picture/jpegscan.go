package picture

import (
	"bufio"
	"io"
)

// startOfFrame reads the size. The memory is known at the first scan, since an
// Adobe segment may follow.
func (j *jpegReader) startOfFrame(marker byte, length int) (err error) {
	if j.frame != nil || length < 6 || length > 6+3*4 {
		return errBroken
	}
	j.frameKind = marker
	if j.frame, err = j.bytes(length); err != nil {
		return err
	}
	f := j.frame
	if int(f[5])*3+6 != length {
		return errBroken
	}
	return j.p.setSize(int64(f[3])<<8|int64(f[4]), int64(f[1])<<8|int64(f[2]))
}

// memory returns how many bytes Go's decoder allocates: all blocks of all
// components, for a progressive picture also their coefficients of 4 bytes, and
// 4 bytes a pixel if the colours are no YCbCr.
func (j *jpegReader) memory() (int64, error) {
	components := j.frame[6:]
	count := len(components) / 3
	if count == 0 {
		return 0, errBroken
	}
	h0, v0 := int64(components[1]>>4), int64(components[1]&15)
	if h0 < 1 || v0 < 1 || h0 > 4 || v0 > 4 {
		return 0, errBroken
	}
	if count == 1 {
		h0, v0 = 1, 1
	}
	columns := (int64(j.p.width) + 8*h0 - 1) / (8 * h0)
	rows := (int64(j.p.height) + 8*v0 - 1) / (8 * v0)
	var bytes int64
	for i := range count {
		h, v := int64(components[3*i+1]>>4), int64(components[3*i+1]&15)
		if count == 1 {
			h, v = 1, 1
		}
		bytes += columns * rows * h * v * 64
	}
	if j.frameKind == jpegSOF2 {
		bytes *= 5
	}
	if count == 4 || count == 3 && j.rgb(components) {
		bytes += 4 * int64(j.p.width) * int64(j.p.height)
	}
	return bytes, nil
}

// rgb reports whether the three components are not YCbCr, as the decoder sees
// it.
func (j *jpegReader) rgb(components []byte) bool {
	named := components[0] == 'R' && components[3] == 'G' && components[6] == 'B'
	return !j.jfif && (j.adobe == 0 || named)
}

// scan goes over the header of a scan and its compressed data, up to the next
// marker.
func (j *jpegReader) scan(start int64, length int) (err error) {
	if j.frame == nil {
		return errBroken
	}
	if j.scans++; j.scans > maxScans {
		return badf("This JPEG is stored in more than %d passes. "+
			"Save it as a standard (not progressive) JPEG, and send that.", maxScans)
	}
	if j.scans == 1 {
		memory, err := j.memory()
		if err != nil {
			return err
		}
		if err := j.p.setMemory(memory); err != nil {
			return err
		}
	}
	if err := j.skip(int64(length)); err != nil {
		return err
	}
	if j.ahead, err = j.endOfScan(); err != nil {
		return err
	}
	return j.p.keep.keep(start, j.pos-2-start)
}

// endOfScan goes over compressed data and the marker that ends it, which it
// returns.
func (j *jpegReader) endOfScan() (marker byte, err error) {
	for {
		slice, err := j.buf.ReadSlice(0xFF)
		j.pos += int64(len(slice))
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF:
			return 0, errTruncated
		case err != nil:
			return 0, err
		}
		b := byte(0xFF)
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
