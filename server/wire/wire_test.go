package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"livechat/server/chat"
)

const (
	epoch = "0123456789abcdef"
	id    = "123e4567-e89b-42d3-a456-426614174000"
	other = "223e4567-e89b-42d3-a456-426614174000"
)

// elevenFiles is one more than a message may have.
func elevenFiles() string {
	var ids []string
	for i := range chat.MaxFiles + 1 {
		ids = append(ids, fmt.Sprintf(`"123e4567-e89b-42d3-a456-4266141740%02d"`, i))
	}
	return strings.Join(ids, ",")
}

// textPayload checks the header of an unfragmented, unmasked text frame and
// returns its payload.
func textPayload(t *testing.T, frame []byte) []byte {
	t.Helper()
	if frame[0] != 0x81 || frame[1]&0x80 != 0 {
		t.Fatalf("frame begins % x", frame[:2])
	}
	n, at := int(frame[1]), 2
	switch n {
	case 126:
		n, at = int(binary.BigEndian.Uint16(frame[2:])), 4
	case 127:
		n, at = int(binary.BigEndian.Uint64(frame[2:])), 10
	}
	if len(frame) != at+n {
		t.Fatalf("frame of %d bytes says %d", len(frame), at+n)
	}
	return frame[at:]
}

func TestRequest(t *testing.T) {
	tests := map[string]struct {
		in   string
		want Request
	}{
		"plain":   {"hello", Request{Type: TypeMessage, Text: "hello"}},
		"empty":   {"", Request{Type: TypeMessage}},
		"array":   {`["x"]`, Request{Type: TypeMessage, Text: `["x"]`}},
		"number":  {`12`, Request{Type: TypeMessage, Text: "12"}},
		"message": {`{"type":"message","text":"hi"}`, Request{Type: TypeMessage, Text: "hi"}},
		"with id": {` {"type":"message","id":"` + strings.ToUpper(id) + `","text":"hi"} `,
			Request{Type: TypeMessage, ID: id, Text: "hi"}},
		"unknown fields": {`{"type":"message","text":"hi","colour":{"r":1}}`,
			Request{Type: TypeMessage, Text: "hi"}},
		"escapes": {`{"type":"message","text":"\u00e4\n\ud83d\ude00"}`,
			Request{Type: TypeMessage, Text: "ä\n😀"}},
		"edit": {`{"type":"edit","target":{"seq":7,"id":"` + id + `"},"id":"` + id + `","text":"hi"}`,
			Request{Type: TypeEdit, ID: id, Text: "hi", Target: chat.Target{Seq: 7, ID: id}}},
		"edit by number": {`{"type":"edit","target":{"seq":7},"text":"hi"}`,
			Request{Type: TypeEdit, Text: "hi", Target: chat.Target{Seq: 7}}},
		"reply": {`{"type":"message","text":"hi","reply":{"id":"` + id + `","seq":7}}`,
			Request{Type: TypeMessage, Text: "hi", Reply: chat.Target{Seq: 7, ID: id}}},
		"data": {`{"type":"message","text":"hi","data":{ "a" : [1, "\u0000 ä"] }}`,
			Request{Type: TypeMessage, Text: "hi", Data: `{"a":[1,"\u0000 ä"]}`}},
		"files": {`{"type":"message","text":"hi","files":["` + strings.ToUpper(id) + `"]}`,
			Request{Type: TypeMessage, Text: "hi", Files: []chat.FileRef{{ID: id}}}},
		"files alone": {`{"type":"message","files":[{"id":"` + id + `","alt":" a\ncat ","x":1},"` + other + `"]}`,
			Request{Type: TypeMessage, Files: []chat.FileRef{{ID: id, Alt: "a cat"}, {ID: other}}}},
		"no files": {`{"type":"message","text":"hi","files":[]}`, Request{Type: TypeMessage, Text: "hi"}},
		"files and no text": {`{"type":"message","text":"","files":["` + id + `"]}`,
			Request{Type: TypeMessage, Files: []chat.FileRef{{ID: id}}}},
		"an edit has neither": {`{"type":"edit","target":{"seq":7},"text":"hi","reply":1,"files":3,"data":2}`,
			Request{Type: TypeEdit, Text: "hi", Target: chat.Target{Seq: 7}}},
		"delete": {`{"type":"delete","target":{"seq":7,"id":"` + id + `"},"id":"` + id + `","text":1}`,
			Request{Type: TypeDelete, ID: id, Target: chat.Target{Seq: 7, ID: id}}},
		"delete by number": {`{"type":"delete","target":{"seq":7}}`,
			Request{Type: TypeDelete, Target: chat.Target{Seq: 7}}},
		"react": {`{"type":"react","target":{"seq":7},"emoji":"👍"}`,
			Request{Type: TypeReact, Target: chat.Target{Seq: 7}, Emoji: "👍"}},
		"react on": {
			`{"type":"react","id":"` + id + `","target":{"seq":7,"id":"` + id + `"},"emoji":"❤️","on":true}`,
			Request{Type: TypeReact, ID: id, Target: chat.Target{Seq: 7, ID: id}, Emoji: "❤️"}},
		"react off": {`{"type":"react","target":{"seq":7},"emoji":"1️⃣","on":false}`,
			Request{Type: TypeReact, Target: chat.Target{Seq: 7}, Emoji: "1️⃣", Off: true}},
		"typing":          {`{"type":"typing"}`, Request{Type: TypeTyping}},
		"typing and more": {`{"type":"typing","x":1}`, Request{Type: TypeTyping}},
	}
	for name, tt := range tests {
		if got, err := ParseRequest([]byte(tt.in)); err != nil ||
			!reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: ParseRequest(%q) = %+v, %v, want %+v", name, tt.in, got, err, tt.want)
		}
	}
	bad := map[string]string{
		"broken": `{"type":"message"`, "duplicate keys": `{"type":"message","text":"a","text":"b"}`,
		"trailing": `{"type":"typing"} x`, "two": `{"type":"typing"}{"type":"typing"}`,
		"unknown type": `{"type":"hello"}`, "no type": `{"text":"x"}`, "type number": `{"type":1}`,
		"type case":   `{"Type":"message","text":"x"}`,
		"text number": `{"type":"message","text":1}`, "text null": `{"type":"message","text":null}`,
		"no text": `{"type":"message"}`, "text object": `{"type":"message","text":{}}`,
		"no target": `{"type":"edit","text":"x"}`, "target number": `{"type":"edit","target":7,"text":"x"}`,
		"target without seq":    `{"type":"edit","target":{"id":"` + id + `"},"text":"x"}`,
		"target id word":        `{"type":"edit","target":{"seq":1,"id":"abc"},"text":"x"}`,
		"target seq":            `{"type":"edit","target":{"seq":9007199254740992},"text":"x"}`,
		"reply number":          `{"type":"message","text":"x","reply":7}`,
		"reply without seq":     `{"type":"message","text":"x","reply":{"id":"` + id + `"}}`,
		"reply null":            `{"type":"message","text":"x","reply":null}`,
		"data array":            `{"type":"message","text":"x","data":[]}`,
		"data twice":            `{"type":"message","text":"x","data":{"a":1,"a":2}}`,
		"long data":             `{"type":"message","text":"x","data":{"a":"` + strings.Repeat("x", 1017) + `"}}`,
		"files null":            `{"type":"message","text":"x","files":null}`,
		"files string":          `{"type":"message","text":"x","files":"` + id + `"}`,
		"files number":          `{"type":"message","text":"x","files":[1]}`,
		"files word":            `{"type":"message","text":"x","files":["cat.png"]}`,
		"files without id":      `{"type":"message","text":"x","files":[{"alt":"x"}]}`,
		"files alt number":      `{"type":"message","text":"x","files":[{"id":"` + id + `","alt":1}]}`,
		"files twice":           `{"type":"message","text":"x","files":["` + id + `",{"id":"` + id + `"}]}`,
		"files empty, no text":  `{"type":"message","files":[]}`,
		"files and text null":   `{"type":"message","text":null,"files":["` + id + `"]}`,
		"11 files":              `{"type":"message","text":"x","files":[` + elevenFiles() + `]}`,
		"delete without target": `{"type":"delete"}`,
		"delete id":             `{"type":"delete","id":"x","target":{"seq":1}}`,
		"react without target":  `{"type":"react","emoji":"👍"}`,
		"react without emoji":   `{"type":"react","target":{"seq":1}}`,
		"react with two":        `{"type":"react","target":{"seq":1},"emoji":"👍👍"}`,
		"react with a letter":   `{"type":"react","target":{"seq":1},"emoji":"a"}`,
		"react without variant": `{"type":"react","target":{"seq":1},"emoji":"❤"}`,
		"react on a number":     `{"type":"react","target":{"seq":1},"emoji":"👍","on":1}`,
		"react on null":         `{"type":"react","target":{"seq":1},"emoji":"👍","on":null}`,
		"react id":              `{"type":"react","id":"x","target":{"seq":1},"emoji":"👍"}`,
		"edit without text":     `{"type":"edit","target":{"seq":1}}`,
		"id number":             `{"type":"message","id":1,"text":"x"}`,
		"id null":               `{"type":"message","id":null,"text":"x"}`,
		"id word":               `{"type":"message","id":"abc","text":"x"}`,
		"id in braces":          `{"type":"message","id":"{` + id + `}","text":"x"}`,
		"lone surrogate":        `{"type":"message","text":"\ud800"}`, "nested": strings.Repeat(`{"a":`, 20000),
	}
	for what, in := range bad {
		if got, err := ParseRequest([]byte(in)); err == nil ||
			chat.AsError(err).Code != chat.CodeBadRequest {
			t.Errorf("%s: ParseRequest(%.60q) = %+v, %v", what, in, got, err)
		}
	}
	if got, err := ParseRequest([]byte(`{"type":"message","id":"` + id + `","text":7}`)); err == nil ||
		got.ID != id {
		t.Errorf("the id of a refused message is lost: %+v, %v", got, err)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"type":"message","id":"` + id + `","text":"hi"}`))
	f.Add([]byte(`{"type":"typing"}`))
	f.Add([]byte(`{"type":"message","files":["` + id + `",{"id":"` + other + `","alt":"a cat"}]}`))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !utf8.Valid(b) {
			return
		}
		req, err := ParseRequest(b)
		if err != nil {
			switch chat.AsError(err).Code {
			case chat.CodeBadRequest:
			case chat.CodeBadText, chat.CodeTooLong: // the alt of a file
			default:
				t.Errorf("ParseRequest(%q): %v", b, err)
			}
			return
		}
		if req.Type != TypeMessage && req.Type != TypeTyping && req.Type != TypeEdit &&
			req.Type != TypeDelete && req.Type != TypeReact || len(req.Files) > chat.MaxFiles ||
			!utf8.ValidString(req.Text) ||
			req.ID != "" && len(req.ID) != chat.IDLen {
			t.Errorf("ParseRequest(%q) = %+v", b, req)
		}
	})
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535} {
		if got := textPayload(t, TextFrame(bytes.Repeat([]byte{'x'}, n))); len(got) != n {
			t.Errorf("payload of %d bytes came out with %d", n, len(got))
		}
	}
	if f := TextFrame(make([]byte, 65536)); !bytes.Equal(
		f[:10],
		[]byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0},
	) {
		t.Errorf("header of 65536 bytes: % x", f[:10])
	}
	if f := CloseFrame(CloseTooSlow); !bytes.Equal(f[:4], []byte{0x88, byte(len(f) - 2), 0x0f, 0xa8}) ||
		string(f[4:]) != CloseTooSlow.String() {
		t.Errorf("close frame: % x", f)
	}
	if f := PongFrame(bytes.Repeat([]byte{'p'}, 125)); len(f) != 127 || f[0] != 0x8A {
		t.Errorf("pong frame: % x", f)
	}
	yes := true
	got := string(textPayload(t, Frame(Welcome{
		Type: "welcome", App: "1000", Name: "ann", Epoch: epoch, Seq: 3, Recovered: &yes})))
	if !strings.HasPrefix(got, `{"type":"welcome","app":"1000",`) ||
		!strings.Contains(got, `"recovered":true`) {
		t.Errorf("welcome: %s", got)
	}
}

// The table in close.go documents every code.
func TestCloseCodesAreDocumented(t *testing.T) {
	src, err := os.ReadFile("close.go")
	if err != nil {
		t.Fatal(err)
	}
	for code, reason := range reasons {
		if !bytes.Contains(src, fmt.Appendf(nil, "//\t%d  ", code)) {
			t.Errorf("code %d is not in the table", code)
		}
		if len(reason) > maxControl-2 {
			t.Errorf("reason of %d has %d bytes, at most %d fit", code, len(reason), maxControl-2)
		}
	}
}

func TestWriteProblem(t *testing.T) {
	w := httptest.NewRecorder()
	WriteProblem(w, fmt.Errorf("check name: %w",
		chat.Errorf(chat.CodeBadName, "a name needs at least 1 character")))
	want := `{"type":"about:blank","title":"Bad Request","status":400,` +
		`"detail":"a name needs at least 1 character","code":"bad_name"}`
	if w.Code != 400 || w.Body.String() != want ||
		w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %v\n%s", w.Code, w.Header(), w.Body)
	}
	w = httptest.NewRecorder()
	WriteProblem(w, errors.New("dial tcp 10.0.0.7: secret"))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a foreign error shows: %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	WriteProblem(w, &chat.Error{Code: chat.CodeUnavailable, Retryable: true, RetryAfterMS: 1200})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}
