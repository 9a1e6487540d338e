package bus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// These tests say what is in a log after its repair, whatever was lost,
// whichever servers have parts of it, and in whatever order they stage them.

// history is a log before anything was lost.
type history struct {
	past chat.EpochHistory
	head chat.Position
	list []Restored // message n is at n-1
}

func randomHistory(rng *rand.Rand) *history {
	h := &history{head: chat.Position{Epoch: newEpoch()}}
	for n := 20 + rng.IntN(280); n > 0; n-- {
		for rng.IntN(40) == 0 {
			h.past = append(h.past, h.head)
			h.head.Epoch = newEpoch()
		}
		h.head.Seq++
		id := fmt.Sprint("m", h.head.Seq)
		kind := "message"
		if rng.IntN(3) == 0 {
			kind = "later" // of which these servers know nothing
		}
		p := fmt.Sprintf(
			`{"type":"%s","seq":%d,"id":"%s","app":"1","session":"s","name":"ann","text":"x","at":1,"epoch":"%s"}`,
			kind,
			h.head.Seq,
			id,
			h.head.Epoch,
		)
		h.list = append(
			h.list,
			Restored{Position: h.head, Payload: []byte(p), ID: id, Digest: chat.Digest("x")},
		)
	}
	return h
}

// log returns the log when seq was its newest message.
func (h *history) log(seq uint64) chat.Log {
	l := chat.Log{Head: h.head, Epochs: h.past}
	head := chat.Position{Epoch: l.EpochOf(seq), Seq: seq}
	return chat.Log{Head: head, Epochs: h.past.Before(head.Epoch)}
}

// write puts the log up to seq into Redis, as a process has it in which it was
// found intact.
func (h *history) write(t *testing.T, r *backend, seq uint64, run string) {
	t.Helper()
	l, ctx := h.log(seq), t.Context()
	pipe := r.raw.Pipeline()
	for _, k := range h.list[:seq] {
		pipe.Do(ctx, "XADD", "{livechat}:log", fmt.Sprint(k.Position.Seq, "-0"), "m", k.Payload)
		pipe.Set(ctx, "{livechat}:id:"+k.ID, k.Position.String()+" "+k.Digest, 0)
	}
	base := uint64(0)
	if len(l.Epochs) > 0 {
		base = l.Epochs[len(l.Epochs)-1].Seq
	}
	pipe.HSet(ctx, "{livechat}:head", "epoch", l.Head.Epoch, "seq", seq, "base", base, "past",
		l.Epochs.String(), "run", run,
		"top", base, "gone", 0, "holes", 0, "length", 1000)
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

// keeps returns the messages that Redis has.
func keeps(t *testing.T, r *backend) (seqs []uint64) {
	t.Helper()
	list, err := r.raw.XRange(t.Context(), "{livechat}:log", "-", "+").Result()
	if err != nil && !strings.HasPrefix(err.Error(), "WRONGTYPE") {
		t.Fatal(err)
	}
	for _, e := range list {
		if p, ok := e.Values["m"].(string); ok {
			seqs = append(seqs, parse(t, p).Seq)
		}
	}
	return seqs
}

// losses are what may happen to a log of n messages.
var losses = map[string]func(t *testing.T, r *backend, h *history, n uint64, rng *rand.Rand){
	"nothing, by a restart": func(t *testing.T, r *backend, _ *history, _ uint64, _ *rand.Rand) {
		r.raw.HSet(t.Context(), "{livechat}:head", "run", "another")
	},
	"what is younger than a snapshot": func(t *testing.T, r *backend, h *history, n uint64, rng *rand.Rand) {
		r.raw.FlushAll(t.Context())
		h.write(t, r, 1+rng.Uint64N(n), "another")
	},
	"the same, in the same process": func(t *testing.T, r *backend, h *history, n uint64, rng *rand.Rand) {
		run := r.raw.HGet(t.Context(), "{livechat}:head", "run").Val()
		r.raw.FlushAll(t.Context())
		h.write(t, r, 1+rng.Uint64N(n-1), run)
	},
	"everything":             command("FLUSHALL"),
	"the head":               command("DEL", "{livechat}:head"),
	"the stream":             command("DEL", "{livechat}:log"),
	"the name of the stream": command("RENAME", "{livechat}:log", "elsewhere"),
	"the type of the head":   command("SET", "{livechat}:head", "x"),
	"the type of the stream": command("SET", "{livechat}:log", "x"),
	"the front":              command("XTRIM", "{livechat}:log", "MAXLEN", 5),
	"all entries":            command("XTRIM", "{livechat}:log", "MAXLEN", 0),
	"the last id":            command("XSETID", "{livechat}:log", "1000000000000-0"),
	"its own end":            command("XADD", "{livechat}:log", "*", "text", "hello"),
	"the seq of the head":    command("HSET", "{livechat}:head", "seq", 1),
	"entries here and there": func(t *testing.T, r *backend, _ *history, n uint64, rng *rand.Rand) {
		for range 1 + rng.IntN(20) {
			r.raw.XDel(t.Context(), "{livechat}:log", fmt.Sprint(1+rng.Uint64N(n), "-0"))
		}
		r.raw.XDel(t.Context(), "{livechat}:log", fmt.Sprint(n, "-0")) // at least one
	},
}

func command(args ...any) func(*testing.T, *backend, *history, uint64, *rand.Rand) {
	return func(t *testing.T, r *backend, _ *history, _ uint64, _ *rand.Rand) {
		if err := r.raw.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// crew is servers of which each has received a part of a log.
func crew(t *testing.T, r *backend, h *history, rng *rand.Rand) (b []*Bus, rec []*recorder,
	has map[uint64]bool) {
	has = make(map[uint64]bool)
	count, whole := 1+rng.IntN(4), rng.IntN(4)
	n := uint64(len(h.list))
	for i := range count {
		to := 1 + rng.Uint64N(n)
		if i == whole || i == 0 {
			to = n // one has received the newest
		}
		from := rng.Uint64N(to)
		l := h.log(to)
		b = append(b, open(t, r.url, Options{HistoryLength: 1000}))
		rec = append(rec, &recorder{
			known: map[string]chat.Log{room: l}, kept: map[string][]Restored{room: h.list[from:to]},
		})
		for seq := from + 1; seq <= to; seq++ {
			has[seq] = true
		}
	}
	var alive []string
	for _, b := range b {
		alive = append(alive, b.name)
	}
	for _, rec := range rec {
		rec.alive = alive
	}
	rng.Shuffle(count, func(i, k int) { b[i], b[k], rec[i], rec[k] = b[k], b[i], rec[k], rec[i] })
	return b, rec, has
}

// repair lets servers stage what they have, in order, and the last of them
// unseal the log, until each has found it open.
func repair(t *testing.T, b []*Bus, rec []*recorder) {
	t.Helper()
	poll.Until(t, "the log is repaired", func() bool {
		var last *repairStep
		for i := range b {
			steps := []*repairStep{{closedLog: &closedLog{room: room}, known: rec[i].Known(room)}}
			b[i].sealAll(t.Context(), steps)
			b[i].stageAll(t.Context(), rec[i], steps)
			if steps[0].err != nil {
				t.Fatal(steps[0].err)
			}
			if steps[0].state.kind != "open" {
				last = steps[0]
			}
		}
		if last == nil {
			return true
		}
		b[len(b)-1].unsealAll(t.Context(), []*repairStep{last}, func(*repairStep) string { return "*" })
		if last.err != nil || last.state.kind != "open" {
			t.Fatalf("it is %+v, %v", last.state, last.err)
		}
		return false
	})
}

func TestRepairRestoresWhatAnyServerHas(t *testing.T) {
	t.Parallel()
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for what, lose := range losses {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := realRedis(t)
			for round := range rounds {
				seed := rand.Uint64()
				rng := rand.New(rand.NewPCG(seed, 0))
				r.raw.FlushAll(t.Context())
				h := randomHistory(rng)
				b, rec, has := crew(t, r, h, rng)
				opened(t, b[0], "elsewhere")
				h.write(
					t,
					r,
					h.head.Seq,
					r.raw.HGet(t.Context(), "{livechat:room:elsewhere}:head", "run").Val(),
				)
				before := opened(t, b[0], room)
				lose(t, r, h, h.head.Seq, rng)
				for _, seq := range keeps(t, r) {
					has[seq] = true
				}
				repair(t, b, rec)
				wantRepaired(t, r, b[0], h, before, has)
				if t.Failed() {
					t.Fatalf("seed %d, round %d", seed, round)
				}
			}
		})
	}
}

// wantRepaired fails unless the log has all of these messages, once and in
// order, as parts of the epochs in which they were published.
func wantRepaired(t *testing.T, r *backend, b *Bus, h *history, before chat.Position, has map[uint64]bool) {
	t.Helper()
	l, err := b.OpenLog(t.Context(), room, before)
	if err != nil {
		t.Fatal(err)
	}
	if l.Head.Seq < before.Seq || l.Head.Epoch == before.Epoch || !l.Has(before) {
		t.Errorf("the log was at %v, and is %+v", before, l)
	}
	for _, end := range h.past {
		if seq, ok := l.Epochs.End(end.Epoch); (!ok || seq != end.Seq) && has[end.Seq] && len(h.past) < 16 {
			t.Errorf("epoch %v is not in %v", end, l.Epochs)
		}
	}
	list, err := b.After(t.Context(), room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []uint64
	for _, p := range list {
		m := parse(t, string(p))
		got = append(got, m.Seq)
		if k := h.list[m.Seq-1]; k.Position != m.position() || string(k.Payload) != string(p) ||
			!l.HasEntry(m.position()) {
			t.Errorf("the log has %s, and is %v", p, l)
		}
		if id := r.raw.Get(t.Context(),
			"{livechat}:id:"+m.ID).Val(); id != m.position().String()+" "+chat.Digest("x") {
			t.Errorf("of message %d is remembered %q", m.Seq, id)
		}
	}
	for seq := range uint64(len(h.list)) {
		if has[seq+1] {
			want = append(want, seq+1)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log has  %v\nand should have %v", got, want)
	}
	for _, key := range []string{"{livechat}:mend", "{livechat}:mend:stage", "{livechat}:mend:built"} {
		if r.raw.Exists(t.Context(), key).Val() != 0 {
			t.Errorf("%s was left", key)
		}
	}
	if ttl := r.raw.TTL(t.Context(), "{livechat}:log").Val(); ttl < 2*time.Minute {
		t.Errorf("the log ends in %v", ttl)
	}
}
