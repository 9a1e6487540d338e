package accounts

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// maxGrowth is how much memory pictures may take, whatever they are: one decode,
// and the garbage that may gather before the collector runs.
const maxGrowth = 64<<20 + 16<<20

// Pictures that would unpack to gigabytes are refused, and neither they nor the
// largest that are taken, many at a time, cost more memory than one decode.
func TestPicturesHaveTheirMemory(t *testing.T) {
	t.Parallel()
	// The race detector's memory is not the server's.
	binary, err := localcluster.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	server, err := localcluster.Alone(binary, map[string]string{
		"DATABASE_URL": "sqlite:" + t.TempDir() + "/livechat.db", "GUEST_FILES_DAY": "0",
	}, harness.LogTo(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	e := &edge{t, "http://" + server.Addr}
	e.wantUploaded("a picture", flatPNG(640, 480), http.StatusCreated)
	e.wantUploaded("a photo", flatJPEG(t, 640, 480, false), http.StatusCreated)
	before, err := server.Memory()
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		peak, err := server.Peak()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MB, at most %d", what, before>>20, peak>>20)
		if peak-before > maxGrowth {
			t.Errorf("%s took %d MB", what, (peak-before)>>20)
		}
	}

	for name, bomb := range pictureBombs() {
		e.wantUploaded(name, bomb, http.StatusUnprocessableEntity)
	}
	e.wantUploaded("packed texts", packedTexts(), http.StatusCreated)
	check("what is refused")

	var uploads sync.WaitGroup
	for _, largest := range []struct {
		name  string
		file  []byte
		times int
	}{
		{"the largest PNG", flatPNG(5120, 2880), 3},
		{"the largest JPEG", flatJPEG(t, 8000, 4992, false), 3},
		{"a JPEG to be turned", flatJPEG(t, 8000, 4992, true), 1},
		{"the largest gray PNG", flatPNG(8000, 5000), 2},
	} {
		for range largest.times {
			uploads.Go(func() { e.wantUploaded(largest.name, largest.file, http.StatusCreated) })
		}
	}
	uploads.Wait()
	check("the largest that are taken")
}

// wantUploaded uploads a file and checks the status.
func (e *edge) wantUploaded(name string, file []byte, want int) {
	e.t.Helper()
	res := e.form(file)
	if res.StatusCode != want ||
		want == http.StatusUnprocessableEntity && !strings.Contains(string(res.Body), `"code":"bad_image"`) {
		e.t.Errorf("%s: %s %.300s", name, res.Status, res.Body)
	}
}

// pictureBombs are files of some 100 KB that claim, or have, far more in them.
func pictureBombs() map[string][]byte {
	animation := []byte("GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xFF\xFF\xFF")
	frame := "\x2C\x00\x00\x00\x00\x10\x00\x10\x00\x00\x02\x02\x4C\x01\x00"
	return map[string][]byte{
		"PNG of 65,535 by 65,535": pngOf(pngHead(65535, 65535, 2), pngChunk("IDAT", zeros(100<<20))),
		"PNG that has more pixels than it says": pngOf(pngHead(300, 300, 2), pngChunk("IDAT", zeros(100<<20)),
			pngChunk("IEND", nil)),
		"GIF of 10,000 frames": append(append(animation, strings.Repeat(frame, 10_000)...), 0x3B),
	}
}

// packedTexts is a small picture whose texts and profile unpack to 100 MB each.
func packedTexts() []byte {
	packed := append([]byte("a\x00\x00"), zeros(100<<20)...)
	return pngOf(pngHead(400, 400, 0), pngChunk("iCCP", packed), pngChunk("zTXt", packed),
		pngChunk("iTXt", append([]byte("a\x00\x01\x00\x00\x00"), packed[3:]...)),
		pngChunk("IDAT", zeros(400*401)), pngChunk("IEND", nil))
}

// flatPNG returns a PNG of one colour: gray, if colour would be too many bytes.
func flatPNG(width, height uint32) []byte {
	kind, each := byte(6), uint32(4)
	if width*height > 15_000_000 {
		kind, each = 0, 1
	}
	return pngOf(pngHead(width, height, kind), pngChunk("IDAT", zeros(int64(height)*int64(width*each+1))),
		pngChunk("IEND", nil))
}

func pngOf(chunks ...[]byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Join(chunks, nil)...)
}

// pngHead returns the header of a PNG of 8 bits; kind is 0 for gray, 2 for RGB, 6
// for RGBA.
func pngHead(width, height uint32, kind byte) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return pngChunk("IHDR", append(size, 8, kind, 0, 0, 0))
}

func pngChunk(name string, content []byte) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), name...)
	b = append(b, content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// zeros returns n zeros as zlib packs them, a thousandth of that.
func zeros(n int64) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	for block := make([]byte, 1<<20); n > 0; n -= int64(len(block)) {
		block = block[:min(n, int64(len(block)))]
		_, _ = w.Write(block) // to memory
	}
	_ = w.Close()
	return b.Bytes()
}

// flatJPEG returns a gray JPEG with three components. Its sides must be multiples
// of 16: each block of 16 by 16 pixels has the same bytes, so that nothing large
// has to be encoded. If it is to be turned, its EXIF says so.
func flatJPEG(t *testing.T, width, height int, turn bool) []byte {
	t.Helper()
	block := image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]byte{block.Y, block.Cb, block.Cr} {
		for i := range plane {
			plane[i] = 128
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, block, nil); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	frame := bytes.Index(file, []byte{0xFF, 0xC0})
	binary.BigEndian.PutUint16(file[frame+5:], uint16(height))
	binary.BigEndian.PutUint16(file[frame+7:], uint16(width))
	exif := ""
	if turn {
		exif = "\xFF\xE1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08" +
			"\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	}
	const data = 4 // of a block, before the two bytes of the end
	start := len(file) - 2 - data
	blocks := bytes.Repeat(file[start:len(file)-2], width/16*(height/16))
	return bytes.Join([][]byte{file[:2], []byte(exif), file[2:start], blocks, file[len(file)-2:]}, nil)
}
