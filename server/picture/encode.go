package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
)

// Qualities of JPEG: of what replaces an original, and of previews.
const (
	qualityOriginal = 92
	qualityPreview  = 80
)

// encodeUpright decodes a picture, turns it and encodes it again, as PNG if it
// was one or is transparent in places, and else as JPEG. It returns which.
func encodeUpright(s *source, p *plan, w io.Writer) (mediaType string, err error) {
	m, err := decode(s, p)
	if err != nil {
		return "", err
	}
	upright := turned{m, image.Rect(0, 0, p.width, p.height), p.orientation, new(pixel)}
	asPNG := p.format == "image/png" || p.format == "image/webp" && !upright.Opaque()
	return encode(w, upright, asPNG, qualityOriginal, p.profile)
}

// preview decodes a picture and encodes a smaller copy, the right way up.
func preview(s *source, p *plan, longer int) (encoded *bytes.Buffer, mediaType string, err error) {
	m, err := decode(s, p)
	if err != nil {
		return nil, "", err
	}
	long := max(p.width, p.height)
	width := max(1, (p.width*longer+long/2)/long)
	height := max(1, (p.height*longer+long/2)/long)
	little := shrink(m, image.Rect(0, 0, p.width, p.height), width, height)
	encoded = new(bytes.Buffer)
	mediaType, err = encode(encoded, turn(little, p.orientation), !little.Opaque(), qualityPreview, p.profile)
	return encoded, mediaType, err
}

// encode writes m as PNG or JPEG, with a colour profile if there is one: without
// it, a photo from a phone would change its colours.
func encode(w io.Writer, m image.Image, asPNG bool, quality int, profile []byte) (string, error) {
	w = markWriter{w}
	if asPNG {
		const afterHeader = 8 + 25
		return "image/png", png.Encode(&insertWriter{w, afterHeader, chunkICCP(profile)}, m)
	}
	const afterStart = 2
	w = &insertWriter{w, afterStart, segmentsICC(profile)}
	return "image/jpeg", jpeg.Encode(w, m, &jpeg.Options{Quality: quality})
}

// insertWriter writes data after the first bytes that it gets.
type insertWriter struct {
	w      io.Writer
	before int // bytes until data is due
	data   []byte
}

func (i *insertWriter) Write(p []byte) (n int, err error) {
	if i.data != nil {
		head := p[:min(i.before, len(p))]
		if n, err = i.w.Write(head); err != nil {
			return n, err
		}
		if i.before -= n; i.before > 0 {
			return n, nil
		}
		if _, err = i.w.Write(i.data); err != nil {
			return n, err
		}
		i.data = nil
	}
	rest, err := i.w.Write(p[n:])
	return n + rest, err
}

// segmentsICC returns a profile as JPEG segments, nil if there is none.
func segmentsICC(profile []byte) (segments []byte) {
	const most = 0xFFFF - 2 - 14
	count := (len(profile) + most - 1) / most
	for i := range count {
		piece := profile[i*most : min((i+1)*most, len(profile))]
		length := 2 + 14 + len(piece)
		segments = append(segments, 0xFF, jpegAPP0+2, byte(length>>8), byte(length))
		segments = append(segments, iccHeader...)
		segments = append(segments, byte(i+1), byte(count))
		segments = append(segments, piece...)
	}
	return segments
}

// chunkICCP returns a profile as a PNG chunk, nil if there is none.
func chunkICCP(profile []byte) []byte {
	if len(profile) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("\x00\x00\x00\x00iCCPICC\x00\x00") // length, name, profile's name, method
	z := zlib.NewWriter(&b)
	_, _ = z.Write(profile) // to memory
	_ = z.Close()
	binary.BigEndian.PutUint32(b.Bytes(), uint32(b.Len()-8))
	return binary.BigEndian.AppendUint32(b.Bytes(), crc32.ChecksumIEEE(b.Bytes()[4:]))
}
