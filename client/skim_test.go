package client

import (
	"errors"
	"strconv"
	"testing"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"
)

const wholeMessage = `{"type":"message","seq":9007199254740991,"id":"0b9d2f6e-0000-4000-8000-000000000000","app":"1000","session":"s","name":"n","text":"t","at":1}`

func TestSkim(t *testing.T) {
	for _, c := range []struct {
		frame string
		seq   uint64
		id    string
		ok    bool
	}{
		{wholeMessage, 1<<53 - 1, "0b9d2f6e-0000-4000-8000-000000000000", true},
		{`{"type":"message","seq":1,"id":""}`, 1, "", true},
		{`{"type":"message","seq":1,"id":"\u0061"}`, 0, "", false}, // left to the decoder
		{`{"type":"message","seq":1,"id":"a`, 0, "", false},
		{`{"type":"message","seq":,"id":"a"}`, 0, "", false},
		{`{"type":"message","seq":12345678901234567,"id":"a"}`, 0, "", false},
		{`{"type":"message","id":"a","seq":1}`, 0, "", false},
		{`{"type":"ack","id":"a","seq":1}`, 0, "", false},
		{``, 0, "", false},
	} {
		seq, id, ok := Skim([]byte(c.frame))
		if ok != c.ok || ok && (seq != c.seq || string(id) != c.id) {
			t.Errorf("%s: %d %q %v, want %d %q %v", c.frame, seq, id, ok, c.seq, c.id, c.ok)
		}
	}
	frame := []byte(wholeMessage)
	if n := testing.AllocsPerRun(100, func() { Skim(frame) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Whenever Skim reads a frame, it agrees with the decoder.
func TestSkimAgreesWithTheDecoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frame := []byte(wholeMessage)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			frame[rapid.IntRange(0, 80).Draw(t, "where")] = rapid.SampledFrom([]byte(`0199,:"\ }xe-`)).Draw(
				t, "what")
		}
		seq, id, ok := Skim(frame)
		if !ok {
			return
		}
		event, err := decode(frame)
		if err != nil {
			return // Skim does not look at the rest
		}
		m := event.(*Message)
		if m.Seq != seq || m.ID != string(id) {
			t.Fatalf("%s: skimmed %d %q, decoded %d %q", frame, seq, id, m.Seq, m.ID)
		}
	})
}

func TestSkimReturnsSeqAndFrame(t *testing.T) {
	conn := dial(t, Options{Load: LoadOptions{Skim: true}, URL: serve(t, func(p *peer) {
		p.send(`{"type":"message","seq":1,"id":"a","text":"one"}`, `{"type":"notice","text":"two"}`,
			`{"type":"message","text":"three","seq":3,"id":"c"}`, `{"type":"message","seq":4,"id":"d"}`)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	})})
	var got []string
	for {
		event, err := conn.Next(t.Context())
		if err != nil {
			var end *CloseError
			if !errors.As(err, &end) {
				t.Errorf("next: %v", err)
			}
			break
		}
		switch e := event.(type) {
		case *Message:
			got = append(got, strconv.FormatUint(e.Seq, 10)+e.Text+string(e.Raw))
		case *Notice:
			got = append(got, e.Text)
		}
	}
	want := []string{`1{"type":"message","seq":1,"id":"a","text":"one"}`, "two", "3three",
		`4{"type":"message","seq":4,"id":"d"}`}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}
