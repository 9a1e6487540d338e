package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"livechat/server/chat"
)

// payload returns what the publish script writes around a body.
func payload(seq uint64, body string) []byte {
	return fmt.Appendf(nil, `{"type":"message","seq":%d,%s,"at":1763770000000,"epoch":"%s"}`, seq, body,
		epoch)
}

func TestEntry(t *testing.T) {
	for _, text := range []string{"hi", `"quoted" \ <b>`, "line\nbreak\t", "日本語 👩‍👩‍👧 \u202eabc",
		strings.Repeat("ä", 4000), "\u2028", strings.Repeat("x", 70000), `,"at":12`} {
		m := chat.Message{ID: id, App: "1000", Session: "s1", Name: `an"n`, Text: text}
		e, ok := ParseEntry(payload(12, string(chat.AppendBody(nil, &m))))
		if !ok {
			t.Fatalf("ParseEntry refused what chat.AppendBody wrote of %.20q", text)
		}
		if want := (chat.Position{Epoch: epoch, Seq: 12}); e.Position != want {
			t.Errorf("position = %v, want %v", e.Position, want)
		}
		var got map[string]any
		if err := json.Unmarshal(textPayload(t, e.Frame), &got); err != nil {
			t.Fatalf("frame of %.20q: %v", text, err)
		}
		want := map[string]any{"type": "message", "seq": 12.0, "id": id, "app": "1000", "session": "s1",
			"name": `an"n`, "text": text, "at": 1763770000000.0}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("frame holds\n%.300v, want\n%.300v", got, want)
		}
		wantReadBack(t, payload(12, string(chat.AppendBody(nil, &m))), e.Frame, m)
		m.Author = "@ann"
		e, _ = ParseEntry(payload(12, string(chat.AppendBody(nil, &m))))
		wantReadBack(t, payload(12, string(chat.AppendBody(nil, &m))), e.Frame, m)
	}
}

// wantReadBack checks that the payload restored from a frame equals the one
// that the log had.
func wantReadBack(t *testing.T, payload, frame []byte, m chat.Message) {
	t.Helper()
	if again, ok := Payload(frame, epoch); !ok || !bytes.Equal(again, payload) {
		t.Errorf("the payload of %.50q is read back as %.300q, %v", m.Text, again, ok)
	}
}

func TestPayloadIsThatOfMessages(t *testing.T) {
	for _, frame := range [][]byte{
		Frame(Gap{Type: "gap", From: 1, To: 2}),
		Frame(Notice{Type: "notice", Text: strings.Repeat("x", 70000)}), Ping(), CloseFrame(CloseTooSlow),
	} {
		if p, ok := Payload(frame, epoch); ok {
			t.Errorf("%.20q has the payload %.50q", frame, p)
		}
	}
	if _, ok := Payload(TextFrame([]byte(`{"type":"message","seq":1}`)), ""); ok {
		t.Error("a message without an epoch has a payload")
	}
}

func TestEntryRefuses(t *testing.T) {
	body := `"id":"` + id + `","app":"1000","session":"s","name":"ann","text":"hi"`
	good := string(payload(12, body))
	for _, good := range []string{good, strings.Replace(good, "message", "later", 1)} {
		if _, ok := ParseEntry([]byte(good)); !ok {
			t.Fatalf("refused: %s", good)
		}
	}
	bad := map[string]string{
		"empty": "", "text": "hello", "object": "{}",
		"no epoch": strings.Replace(good, `,"epoch":"`+epoch+`"`, "", 1), "space": " " + good,
		"trailing":      good + " ",
		"seq 0":         string(payload(0, body)),
		"seq too large": strings.Replace(good, ":12,", ":9007199254740992,", 1),
		"seq 012":       strings.Replace(good, ":12,", ":012,", 1),
		"seq string":    strings.Replace(good, ":12,", `:"12",`, 1),
		"epoch upper":   strings.Replace(good, epoch, strings.ToUpper(epoch), 1),
		"no JSON":       strings.Replace(good, `"ann"`, `"ann`, 1),
		"bad UTF-8":     strings.Replace(good, `"ann"`, "\"\xff\"", 1),
		"duplicate":     strings.Replace(good, `"app":"1000"`, `"id":"1000"`, 1),
		"short id":      strings.Replace(good, id, id[1:], 1),
		"epoch in text": `{"type":"message","seq":1,"id":"` + id + `","text":","epoch":"` + epoch + `"}`,
		"cut":           good[:len(good)-1],
	}
	for what, in := range bad {
		if e, ok := ParseEntry([]byte(in)); ok {
			t.Errorf("%s: ParseEntry took %q as %v", what, in, e.Position)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add(payload(12, `"id":"`+id+`","text":"hi"`))
	f.Add([]byte(`{"type":"message","seq":1,"id":"`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, ok := ParseEntry(b)
		if !ok {
			return
		}
		if p := textPayload(t, e.Frame); !json.Valid(p) || !utf8.Valid(p) || e.Position.Seq == 0 {
			t.Errorf("ParseEntry(%q) = %v with frame %q", b, e.Position, p)
		}
	})
}

func BenchmarkParseEntry(b *testing.B) {
	m := chat.Message{ID: id, App: "1000", Session: "5f1c000000000000", Name: "ann",
		Text: strings.Repeat("x", 100)}
	p := payload(12, string(chat.AppendBody(nil, &m)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseEntry(p); !ok {
			b.Fatal("refused")
		}
	}
}
