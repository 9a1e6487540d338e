package chaos

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/client"
	"livechat/internal/need"
)

func TestBulks(t *testing.T) {
	answer := "*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nm\r\n$5\r\n{\r\n1}\r\n" +
		"*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\nm\r\n$0\r\n\r\nmore"
	var got []string
	in := bufio.NewReader(strings.NewReader(answer))
	if err := bulks(in, func(text string) error { got = append(got, text); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1-0", "m", "{\r\n1}", "2-0", "m", ""}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if rest, _ := in.Peek(4); string(rest) != "more" {
		t.Errorf("the next answer begins with %q", rest)
	}
	if err := bulks(bufio.NewReader(strings.NewReader("-LOADING\r\n")), nil); err == nil ||
		err.Error() != "LOADING" {
		t.Errorf("an error: %v", err)
	}
}

// A page of the archive has the numbers of edits in their places, and what is
// only in the log is added to it.
func TestStoredEdits(t *testing.T) {
	page, err := decodePage([]byte(`{"messages":[{"seq":4,"epoch":"e","id":"a","name":"ann","text":"new"},` +
		`{"seq":8,"epoch":"e","id":"b","name":"bob","text":"b"}],"others":[[5,7],[9,9]]}`))
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for _, m := range page {
		seqs = append(seqs, m.Seq)
	}
	if want := []uint64{4, 5, 6, 7, 8, 9}; !slices.Equal(seqs, want) || last(page, 0) != 9 || last(nil, 3) != 3 {
		t.Errorf("entries %v, want %v", seqs, want)
	}
	if err := firstGap(page, 3); err != nil {
		t.Error(err)
	}
	if err := firstGap(slices.Delete(slices.Clone(page), 2, 3), 3); err == nil ||
		err.Error() != "entry 7 is archived and 6 is not" {
		t.Errorf("without 6: %v", err)
	}
	edit := func(seq uint64, id, target, text string) stored {
		e := stored{Type: "edit", Seq: seq, Epoch: "e", ID: id, Name: "ann", Text: text}
		e.Target.ID = target
		return e
	}
	buried := edit(13, "z", "d", "")
	buried.Type = "tombstone"
	buries := edit(14, "w", "d", "")
	buries.Type = "delete"
	log := []stored{{Seq: 3, ID: "too early"}, {Seq: 4, Epoch: "e", ID: "a", Name: "ann", Text: "old"},
		edit(9, "x", "b", "archived"), edit(10, "y", "b", "newer"), {Seq: 11, Epoch: "e", ID: "c", Text: "c"},
		{Seq: 12, Epoch: "e", ID: "d", Type: "tombstone"}, buried, buries}
	var got []string
	for _, e := range merge(page, log, 3) {
		got = append(got, fmt.Sprint(e.At.Seq, e.ID, e.Text, map[bool]string{true: " deleted"}[e.Deleted]))
	}
	want := []string{"4anew", "5", "6", "7", "8bnewer", "9", "10ynewer", "11cc", "12d deleted", "13z deleted",
		"14w"}
	if !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// A delete that is only in the log takes the text of what is archived.
func TestStoredDeletes(t *testing.T) {
	page, err := decodePage([]byte(`{"messages":[{"seq":1,"epoch":"e","id":"a","name":"ann","text":"one"},` +
		`{"seq":2,"epoch":"e","id":"b","name":"bob","text":"","deleted":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := stored{Type: "delete", Seq: 3, Epoch: "e", ID: "x"}
	d.Target.ID = "a"
	for i, e := range merge(page, []stored{d}, 0)[:2] {
		if !e.Deleted || e.Text != "" {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	if err := leaked("it", `{"text":"one"}`, []string{"two", "on"}); err != nil {
		t.Error(err)
	}
	if err := leaked("it", textsOf(page), []string{"one", "two"}); err == nil ||
		err.Error() != `it has 1 deleted texts, one is "one"` {
		t.Errorf("leaked: %v", err)
	}
}

// The archive has the counts of reactions, and a summary that is only in the log
// has newer ones.
func TestStoredReactions(t *testing.T) {
	page, err := decodePage([]byte(`{"messages":[{"seq":1,"epoch":"e","id":"a","reactions":{"👍":1}},` +
		`{"seq":2,"epoch":"e","id":"b","reactions":{"❤️":1,"👍":2}}],"others":[[3,3]]}`))
	if err != nil {
		t.Fatal(err)
	}
	s := stored{Type: "reactions", Seq: 4, Epoch: "e", ID: "x", Counts: map[string]int{"👍": 7}}
	s.Target.ID = "a"
	var got []string
	for _, e := range merge(page, []stored{s}, 0) {
		got = append(got, e.ID+e.Counts)
	}
	if want := []string{"a👍7", "b❤️1 👍2", "", ""}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

func TestWhoReacted(t *testing.T) {
	who, err := decodeReactions([]byte(`{"reactions":[{"emoji":"👍","count":2,` +
		`"people":[{"name":"bob","at":2},{"name":"ann","at":1}]}]}`))
	if err != nil || len(who) != 1 || !slices.Equal(who["👍"], []string{"ann", "bob"}) {
		t.Errorf("reacted: %v, %v", who, err)
	}
	_, err = decodeReactions([]byte(`{"reactions":[{"emoji":"👍","count":2,"people":[{}]}]}`))
	if err == nil {
		t.Error("a person is missing, and nothing said so")
	}
}

func TestFeedFrames(t *testing.T) {
	for text, want := range map[string]client.Event{
		`{"type":"welcome","session":"s","epoch":"e","seq":4,"recovered":true}`: &client.Welcome{},
		`{"type":"message","seq":5,"id":"x","event":"message","message":"m","name":"ann",` +
			`"text":"hi","n":3}`: &client.Message{},
		`{"type":"message","seq":6,"id":"y","event":"read","name":"ann","text":"","n":3}`: &other{},
		`{"type":"gap","from":1,"to":2}`:            &client.Gap{},
		`{"type":"reset","epoch":"f","seq":7}`:      &client.Reset{},
		`{"type":"reconnect","after_ms":5}`:         &client.Reconnect{},
		`{"type":"something that comes next year"}`: nil,
	} {
		got, err := decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		switch e := got.(type) {
		case *client.Welcome:
			if e.Seq != 4 || e.Recovered == nil || !*e.Recovered || e.Epoch != "e" {
				t.Errorf("%s: %+v", text, e)
			}
		case *client.Message:
			if e.Seq != 5 || e.ID != "m" || e.Name != "ann" || e.Text != "hi" {
				t.Errorf("%s: %+v", text, e)
			}
		case *other:
			if e.seq != 6 {
				t.Errorf("%s: %+v", text, e)
			}
		case *client.Gap, *client.Reset, *client.Reconnect:
		default:
			if want != nil || got != nil {
				t.Errorf("%s: %T, want %T", text, got, want)
			}
		}
	}
	if _, err := decode([]byte("{")); err == nil {
		t.Error("half a frame was read")
	}
}

// The clock of a running program can be stepped.
func TestWrongClock(t *testing.T) {
	need.Program(t, "gcc")
	r := &run{dir: t.TempDir()}
	library, err := buildClock(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.setClock(-300); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(r.clockFile()); err != nil ||
		int64(binary.NativeEndian.Uint64(text)) != -300 {
		t.Errorf("the file has %x, %v", text, err)
	}
	// A shell with a wrong clock: $EPOCHSECONDS reads the time each time.
	cmd := exec.Command("bash", "-c", "echo $EPOCHSECONDS; read; echo $EPOCHSECONDS")
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+library, "CLOCK_FILE="+r.clockFile())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(pipe)
	for _, want := range []int64{-300, 200} {
		if !out.Scan() {
			t.Fatalf("no time: %v", out.Err())
		}
		said, err := strconv.ParseInt(out.Text(), 10, 64)
		if off := said - time.Now().Unix(); err != nil || off < want-60 || off > want+60 {
			t.Errorf("the clock is off by %d s, %v, want %d", off, err, want)
		}
		if err := r.setClock(200); err != nil {
			t.Fatal(err)
		}
		_, _ = in.Write([]byte("\n"))
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestFirstGap(t *testing.T) {
	for _, c := range []struct {
		seqs []uint64
		want string
	}{
		{nil, ""},
		{[]uint64{4, 5, 5, 6}, ""}, // 5 of two epochs
		{[]uint64{5, 6}, "entry 5 is archived and 4 is not"},
		{[]uint64{4, 6}, "entry 6 is archived and 5 is not"},
	} {
		var archived []stored
		for _, seq := range c.seqs {
			archived = append(archived, stored{Seq: seq})
		}
		if err := firstGap(archived, 3); (err == nil) != (c.want == "") ||
			err != nil && err.Error() != c.want {
			t.Errorf("%v after 3: %v, want %q", c.seqs, err, c.want)
		}
	}
}
