package page

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"livechat/e2e/harness"
)

// fileOf writes a file and returns its path.
func fileOf(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pictureOf writes a noisy picture of that size, which cannot be packed into
// little, and returns its path.
func pictureOf(t *testing.T, name string, width, height int) string {
	t.Helper()
	img := painted(width, height, 0)
	for i := 2; i < len(img.Pix); i += 4 { // what is blue
		img.Pix[i] = uint8(rand.N(256))
	}
	return fileOf(t, name, pngOf(t, img))
}

// painted returns a picture with a slope of colour, so that its cut and its
// corners can be seen.
func painted(width, height, kind int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{
				uint8(x * 255 / width), uint8(y * 255 / height), uint8(60 + 37*kind%180), 255})
		}
	}
	return img
}

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gifOf returns an animation of two frames.
func gifOf(t *testing.T, width, height int) []byte {
	t.Helper()
	palette := color.Palette{color.RGBA{200, 60, 60, 255}, color.RGBA{60, 60, 200, 255}}
	all := gif.GIF{Delay: []int{30, 30}}
	for i := range 2 {
		frame := image.NewPaletted(image.Rect(0, 0, width, height), palette)
		for j := range frame.Pix {
			frame.Pix[j] = uint8(i)
		}
		all.Image = append(all.Image, frame)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// movingPNG returns a PNG that says that it is an animation.
func movingPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	const head = 8 + 12 + 13 // the signature and IHDR
	still := pngOf(t, painted(width, height, 0))
	chunk := append([]byte("acTL"), 0, 0, 0, 1, 0, 0, 0, 0)
	control := binary.BigEndian.AppendUint32(nil, 8)
	control = binary.BigEndian.AppendUint32(append(control, chunk...), crc32.ChecksumIEEE(chunk))
	return bytes.Join([][]byte{still[:head], control, still[head:]}, nil)
}

// silence returns an MP3 of so many seconds without a sound.
func silence(seconds int) []byte {
	const size = 417 // bytes of a frame of 128 kbit/s at 44.1 kHz, which lasts 26 ms
	frame := append([]byte{0xff, 0xfb, 0x90, 0x64}, make([]byte, size-4)...)
	return bytes.Repeat(frame, seconds*44_100/1152)
}

// recording makes the browser record a film of a second.
const recording = `new Promise((done, fail) => {
	const canvas = Object.assign(document.createElement('canvas'), {width: 160, height: 120});
	const draw = canvas.getContext('2d');
	let n = 0;
	const paint = setInterval(() => {
		draw.fillStyle = n++ % 2 ? 'red' : 'blue';
		draw.fillRect(0, 0, 160, 120);
	}, 40);
	const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: 'video/webm'});
	const parts = [];
	recorder.ondataavailable = (e) => parts.push(e.data);
	recorder.onerror = fail;
	recorder.onstop = () => {
		clearInterval(paint);
		const reader = new FileReader();
		reader.onload = () => done(reader.result.split(',')[1]);
		reader.readAsDataURL(new Blob(parts));
	};
	recorder.start();
	setTimeout(() => recorder.stop(), 1000);
})`

// film returns a film of a second, as WebM.
func (w *window) film() []byte {
	w.t.Helper()
	var encoded string
	w.do(chromedp.Evaluate(recording, &encoded, awaited))
	recorded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		w.t.Fatal(err)
	}
	return recorded
}

// uploadTo uploads a file as curl does, and returns its address.
func uploadTo(t *testing.T, base, name string, content []byte) string {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(harness.Within(t, time.Minute), "POST", base+"/api/v1/files/", &form)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	var file struct{ URL string }
	if err != nil || res.StatusCode != http.StatusCreated || json.Unmarshal(body, &file) != nil {
		t.Fatalf("%s: %s %s", name, res.Status, body)
	}
	return base + file.URL
}
