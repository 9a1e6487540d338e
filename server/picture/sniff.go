package picture

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffed is how many bytes of the start are looked at, as many as the library
// uses.
const sniffed = 3072

// Sniff returns the media type of a file, from its first bytes alone: no header
// and no name of the sender counts. Texts get text/plain, whatever they are
// written in, but HTML, SVG and XML are told apart; what is not recognised is
// application/octet-stream. An error is that of r.
//
// Clean finds out whether a picture is one to its end. Types that IsInline does
// not list must be served as attachments, also those that Sniff recognises.
func Sniff(r io.ReadSeeker) (mediaType string, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read the start of a file: %w", err)
	}
	head := make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", fmt.Errorf("read the start of a file: %w", err)
	}
	return sniff(head[:n]), nil
}

// sniff returns the media type of a file that begins with head.
func sniff(head []byte) string {
	name := ""
	for found := mimetype.Detect(head); found != nil; found = found.Parent() {
		kind, _, _ := strings.Cut(found.String(), ";")
		if name == "" {
			name = kind
		}
		switch kind {
		case "image/apng": // a PNG that moves
			return "image/png"
		case "text/html", "text/xml", "image/svg+xml":
			return kind
		case "text/plain": // and all languages that are written as text
			return kind
		}
	}
	return name
}
