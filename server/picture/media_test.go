package picture

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func mediaBox(kind string, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(all)+8))
	return append(append(b, kind...), all...)
}

func numbers(all ...uint32) []byte {
	var b []byte
	for _, n := range all {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// mediaTrack returns a track of a handler with one chunk of two samples, of 5
// bytes and as many as secret has.
func mediaTrack(handler string, chunk uint32) []byte {
	return mediaBox("trak", mediaBox("tkhd", numbers(7, 0xAAAAAAAA, 0xBBBBBBBB, 1)),
		mediaBox("udta", mediaBox("name", []byte(secret))),
		mediaBox("mdia", mediaBox("hdlr", numbers(0, 0), []byte(handler), numbers(0)),
			mediaBox("minf", mediaBox("stbl",
				mediaBox("stsc", numbers(0, 1, 1, 2, 1)),
				mediaBox("stsz", numbers(0, 0, 2, 5, uint32(len(secret)))),
				mediaBox("stco", numbers(0, 1, chunk))))))
}

func TestMovieLosesItsPosition(t *testing.T) {
	kind := mediaBox("ftyp", []byte("isom"), numbers(0), []byte("isommp42"))
	data := mediaBox("mdat", []byte("video"+"12345"+secret))
	chunk := uint32(len(kind) + 8 + 5)
	long := append(numbers(1), "uuid\x00\x00\x00\x00\x00\x00\x00\x40"...)
	long = append(long, bytes.Repeat([]byte(secret[:12]), 4)...)
	file := bytes.Join([][]byte{kind, data, mediaBox("free", []byte(secret)), long,
		mediaBox("moov", mediaBox("mvhd", numbers(0, 0xAAAAAAAA, 0xBBBBBBBB, 600)),
			mediaTrack("vide", uint32(len(kind)+8)), mediaTrack("meta", chunk),
			mediaBox("udta", mediaBox("\xA9xyz", []byte(secret))),
			mediaBox("meta", mediaBox("keys", []byte(secret))))}, nil)
	for _, mediaType := range []string{"video/mp4", "video/quicktime", "audio/x-m4a"} {
		result, got := clean(t, file, mediaType)
		if result != (Result{Type: mediaType}) || len(got) != len(file) {
			t.Fatalf("result %+v, %d bytes of %d", result, len(got), len(file))
		}
		checkNoSecret(t, got)
		for _, word := range []string{secret[:12], "\xAA\xAA", "12345", "udta", "uuid", "keys"} {
			if bytes.Contains(got, []byte(word)) {
				t.Errorf("still contains %q", word)
			}
		}
		for _, word := range []string{"ftypisom", "mdatvideo", "vide", "stco"} {
			if !bytes.Contains(got, []byte(word)) {
				t.Errorf("lost %q", word)
			}
		}
		if n := bytes.Count(got, []byte("trak")); n != 1 {
			t.Errorf("%d tracks, want that of the video", n)
		}
	}
}

func TestHEIFLosesItsEXIF(t *testing.T) {
	kind := mediaBox("ftyp", []byte("heic"), numbers(0), []byte("mif1heic"))
	data := mediaBox("mdat", []byte("picture"+secret))
	item := func(id uint32, kind string) []byte {
		return mediaBox("infe", numbers(2<<24, id<<16), []byte(kind), []byte{0})
	}
	place := func(id, offset, length uint32) []byte {
		b := binary.BigEndian.AppendUint16(nil, uint16(id))
		b = append(b, 0, 0, 0, 0, 0, 1) // method 0, this file, one extent
		if id == 3 {
			b[3] = 1 // in idat
		}
		return append(b, numbers(offset, length)...)
	}
	start := uint32(len(kind) + 8)
	file := bytes.Join([][]byte{kind, data, mediaBox("meta", numbers(0),
		mediaBox("hdlr", numbers(0, 0), []byte("pict"), numbers(0)),
		mediaBox("idat", []byte("kept"+secret)),
		mediaBox("iinf", numbers(0), []byte{0, 3}, item(1, "hvc1"), item(2, "Exif"), item(3, "mime")),
		mediaBox("iloc", numbers(1<<24), []byte{0x44, 0, 0, 3}, place(1, start, 7),
			place(2, start+7, uint32(len(secret))), place(3, 4, uint32(len(secret)))))}, nil)
	_, got := clean(t, file, "image/heic")
	if len(got) != len(file) || bytes.Contains(got, []byte(secret)) {
		t.Errorf("still there: %q", got)
	}
	for _, word := range []string{"mdatpicture", "idatkept", "hvc1"} {
		if !bytes.Contains(got, []byte(word)) {
			t.Errorf("lost %q", word)
		}
	}
}

func TestMatroskaLosesItsTags(t *testing.T) {
	element := func(id string, content ...[]byte) []byte {
		all := bytes.Join(content, nil)
		b := append([]byte(id), 0x08)
		return append(binary.BigEndian.AppendUint32(b, uint32(len(all)))[:len(id)+5], all...)
	}
	tags := element("\x12\x54\xC3\x67", []byte(secret))
	short := []byte("\x44\x61\x82\xAA\xAA")
	name := element("\x73\x84", []byte(secret))
	free := element("\xEC", []byte(secret))
	file := bytes.Join([][]byte{element("\x1A\x45\xDF\xA3", []byte("\x42\x82\x84webm")),
		element("\x18\x53\x80\x67", element("\x15\x49\xA9\x66", short, []byte("\x4D\x80\x82ok"), name), tags,
			free,
			element("\x1F\x43\xB6\x75", []byte("cluster")))}, nil)
	_, got := clean(t, file, "video/webm")
	if len(got) != len(file) {
		t.Fatalf("%d bytes of %d", len(got), len(file))
	}
	checkNoSecret(t, got)
	void := append([]byte("\xEC\x01\x00\x00\x00\x00\x00\x00"), byte(len(tags)-9))
	if !bytes.Contains(got, void) || !bytes.Contains(got, []byte("\xEC\x83\x00\x00\x00\x4D\x80\x82ok")) ||
		!bytes.Contains(got, []byte("cluster")) {
		t.Errorf("got %q", got)
	}
}

func TestMP3LosesItsTags(t *testing.T) {
	sound := append([]byte("\xFF\xFB\x90\x00"), bytes.Repeat([]byte("sound"), 50)...)
	tag := "ID3\x04\x00\x00\x00\x00\x00" + string(rune(len(secret))) + secret
	ape := "APETAGEX\xD0\x07\x00\x00" + string(rune(32+len(secret))) +
		"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00"
	ape = "APETAGEX" + ape[8:] + secret + ape
	last := "TAG" + secret + string(make([]byte, 125-len(secret)))
	for _, file := range []string{
		string(sound), tag + string(sound), tag + tag + string(sound) + last, string(sound) + ape,
		tag + string(sound) + ape + last,
	} {
		_, got := clean(t, []byte(file), "audio/mpeg")
		if !bytes.Equal(got, sound) {
			t.Errorf("%q became %q", file, got)
		}
	}
}

func TestOtherFilesAreCopied(t *testing.T) {
	kinds := []string{"text/plain", "video/mp4", "video/webm", "audio/mpeg", "application/pdf"}
	for _, file := range []string{"", "short", "a text of more than twelve bytes",
		"\x00\x00\x00\x04ftyp\x00\x00\x00\x00",
		"\x00\x00\x00\x01ftyp\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFFftypisom"} {
		for _, mediaType := range kinds {
			result, got := clean(t, []byte(file), mediaType)
			if string(got) != file || result.Type != mediaType {
				t.Errorf("%s: %q became %q", mediaType, file, got)
			}
		}
	}
}
