package picture

import (
	"bytes"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	box := func(brand string) string {
		return "\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x00\x00" + brand + "mp41"
	}
	page := "OggS\x00\x02" + strings.Repeat("\x00", 20)
	for _, c := range []struct {
		name, start, want string
		inline            bool
	}{
		{"png", string(encodePNG(t, quarters(4, 4))), "image/png", true},
		{"apng", string(encodePNG(t, quarters(4, 4), pngChunk("acTL", make([]byte, 8)))), "image/png", true},
		{"jpeg", string(encodeJPEG(t, quarters(4, 4))), "image/jpeg", true},
		{"gif", string(encodeGIF(t, quarters(4, 4), 1)), "image/gif", true},
		{"webp", string(riff(losslessQuarters())), "image/webp", true},
		{"mp4", box("isom"), "video/mp4", true},
		{"webm", "\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm", "video/webm", true},
		{"ogg", page + "\x01\x1E\x01vorbis" + strings.Repeat("\x00", 20), "audio/ogg", true},
		{"opus", page + "\x01\x13OpusHead" + strings.Repeat("\x00", 20), "audio/ogg", true},
		{"mp3 with tags", "ID3\x04\x00\x00\x00\x00\x00\x0A" + strings.Repeat("\x00", 20), "audio/mpeg", true},
		{"mp3", "\xFF\xFB\x90\x00", "audio/mpeg", true},
		{"m4a", box("M4A "), "audio/x-m4a", false},
		{"mov", box("qt  "), "video/quicktime", false},
		{"heic", box("heic"), "image/heic", false},
		{"avif", box("avif"), "image/avif", false},
		{"wav", "RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav", false},
		{"mkv", "\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x88matroska", "video/matroska", false},
		{"bmp", "BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "image/bmp", false},
		{"pdf", "%PDF-1.7\n1 0 obj << /JS (app.alert(1)) >>", "application/pdf", false},
		{"html", "<!DOCTYPE html><script>alert(1)</script>", "text/html", false},
		{"html after spaces", "\xEF\xBB\xBF \n\t<HTML><script>alert(1)</script>", "text/html", false},
		{"svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "image/svg+xml", false},
		{"svg with a declaration",
			`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, "image/svg+xml", false},
		{"xml", `<?xml version="1.0"?><a/>`, "text/xml", false},
		{"xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, "text/xml", false},
		{"text", "hello, Jürgen\n", "text/plain", false},
		{"a program", "#!/bin/sh\nrm -rf /\n", "text/plain", false},
		{"json", `{"a": 1}`, "text/plain", false},
		{"zip",
			"PK\x03\x04\x14\x00\x00\x00\x00\x00" +
				strings.Repeat("\x00", 16) + "\x05\x00\x00\x00a.txthello", "application/zip", false},
		{"bytes", "\x00\x01\x02\x03\xFE\xFF\x80\x81", "application/octet-stream", false},
		{"almost a png", "\x89PNG\r\n<script>", "text/plain", false},
	} {
		got, err := Sniff(bytes.NewReader([]byte(c.start)))
		if err != nil || got != c.want {
			t.Errorf("%s is %q, want %q (%v)", c.name, got, c.want, err)
		}
		if IsInline(got) != c.inline {
			t.Errorf("%s: inline is %t", c.name, IsInline(got))
		}
	}
	if got, err := Sniff(failing{bytes.NewReader(make([]byte, 500)), 200}); err == nil {
		t.Errorf("a store that is away has type %q", got)
	}
	if got, err := Sniff(bytes.NewReader(nil)); err != nil || IsInline(got) {
		t.Errorf("nothing has type %q: %v", got, err)
	}
}
