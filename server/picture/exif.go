package picture

import "encoding/binary"

// tagOrientation is the number of the only EXIF tag that is read.
const tagOrientation = 0x0112

// orientation returns the orientation in an EXIF block (which is a TIFF file
// without a picture): 1 to 8, or 0 if there is none. It reads the first
// directory alone, which is where the tag belongs: a library would read the
// others, too.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 0
	}
	count := int(order.Uint16(tiff[start:]))
	entries := tiff[start+2:]
	for i := 0; i < count && len(entries) >= 12; i, entries = i+1, entries[12:] {
		if order.Uint16(entries) != tagOrientation {
			continue
		}
		if kind := order.Uint16(entries[2:]); kind != 3 { // SHORT
			return 0
		}
		if value := int(order.Uint16(entries[8:])); value >= 1 && value <= 8 {
			return value
		}
		return 0
	}
	return 0
}
