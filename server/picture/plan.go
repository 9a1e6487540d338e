package picture

import "fmt"

// plan is what the headers of a picture say, and what is kept of the file.
type plan struct {
	format        string // media type
	width, height int    // pixels as stored, before it is turned
	orientation   int    // as in EXIF: 1 to 8, 0 if the file does not say
	frames        int    // 1 if it does not move
	memory        int64  // bytes that decoding allocates
	keep          parts  // what Clean writes
	still         parts  // what is decoded; keep, if nil
	profile       []byte // ICC profile for RGB; nil if there is none, or it is large

	// costly is set if decoding may allocate more than its limit in ways that the
	// headers do not tell. Such a picture is served, but not decoded.
	costly bool

	area      int64 // pixels of all frames
	left, top int   // where still is in the picture; a GIF's decoder knows it
}

// turned reports whether the picture must be turned to be shown the right way
// up.
func (p *plan) turned() bool { return p.orientation > 1 && p.orientation <= 8 }

// upright returns a width and a height as they are the right way up.
func (p *plan) upright(width, height int) (int, int) {
	if p.orientation >= 5 && p.orientation <= 8 {
		return height, width
	}
	return width, height
}

// decoded returns the parts that a decoder reads.
func (p *plan) decoded() parts {
	if p.still != nil {
		return p.still
	}
	return p.keep
}

// readPlan reads the headers of a picture, and refuses what exceeds a limit.
func readPlan(s *source, format string) (*plan, error) {
	p := &plan{format: format}
	var err error
	switch format {
	case "image/jpeg":
		err = readJPEG(s, p)
	case "image/png":
		err = readPNG(s, p)
	case "image/gif":
		err = readGIF(s, p)
	case "image/webp":
		err = readWebP(s, p)
	default:
		err = fmt.Errorf("no reader for %s", format)
	}
	if err != nil {
		return nil, err
	}
	if p.turned() && p.frames > 1 {
		p.orientation = 1 // browsers do not turn animations either
	}
	if p.turned() && p.costly {
		return nil, badf("This picture is stored in a way that cannot be turned the right way up here. " +
			"Save it as a JPEG, and send that.")
	}
	return p, nil
}

// setSize sets the size of the picture, and fails if it exceeds the limits.
func (p *plan) setSize(width, height int64) error {
	if width < 1 || height < 1 {
		return errBroken
	}
	if width > MaxSide || height > MaxSide || width*height > MaxPixels {
		return badf("This picture has %d × %d pixels. Pictures may have up to %d megapixels, and up to %d "+
			"pixels on a side. Make it smaller, and send it again.",
			width, height, MaxPixels/1_000_000, MaxSide)
	}
	p.width, p.height = int(width), int(height)
	return nil
}

// addFrame counts a frame of an animation, and fails if there are too many.
func (p *plan) addFrame(width, height int64) error {
	if width > int64(p.width) || height > int64(p.height) {
		return errBroken
	}
	p.frames++
	p.area += width * height
	if p.frames > MaxFrames || p.area > maxAnimation {
		return badf("This animation is too long: up to %d frames and %d megapixels in all are possible. "+
			"Make it shorter or smaller, or send it as a video.", MaxFrames, maxAnimation/1_000_000)
	}
	return nil
}

// setMemory sets what decoding allocates, and fails if that is too much.
func (p *plan) setMemory(bytes int64) error {
	p.memory = bytes
	if bytes <= maxDecoded {
		return nil
	}
	pixels := int64(p.width) * int64(p.height)
	tenths := maxDecoded * pixels / bytes / 100_000
	return badf("This picture has %.1f megapixels. Stored in this way, up to %.1f are possible. "+
		"Make it smaller, or save it as a standard (not progressive) JPEG, and send it again.",
		float64(pixels)/1e6, float64(tenths)/10)
}

// maxProfile is the largest colour profile that is kept for previews and turned
// pictures. What cameras, phones and browsers write has a few kilobytes at most.
const maxProfile = 64 << 10

// setProfile keeps a profile if it describes RGB, which is what is encoded.
func (p *plan) setProfile(profile []byte) {
	if len(profile) >= 128 && len(profile) <= maxProfile && string(profile[16:20]) == "RGB " {
		p.profile = profile
	}
}
