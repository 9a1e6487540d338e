package run

import (
	"maps"

	"livechat/load/record"
)

// Add adds what another process has counted. The logs are compared elsewhere:
// see Conflicts.
func (o *Outcome) Add(other *Outcome) {
	AddTotals(&o.Totals, &other.Totals)
	o.Excused += other.Excused
	o.Measured += other.Measured
	o.Acts = addActs(o.Acts, other.Acts)
	o.Network.add(&other.Network)
	o.Missing += other.Missing
	o.ServerCPU += other.ServerCPU
	if o.Latency.Histogram == nil {
		o.Latency = NewHistogram()
	}
	o.Latency.Merge(other.Latency.Histogram)
}

// AddTotals adds what another process has counted to t.
func AddTotals(t, u *record.Totals) {
	for _, pair := range [][2]*int64{
		{&t.Sent, &u.Sent}, {&t.Edits, &u.Edits}, {&t.Deletes, &u.Deletes}, {&t.Reactions, &u.Reactions},
		{&t.Files, &u.Files}, {&t.Acked, &u.Acked},
		{&t.Unanswered, &u.Unanswered}, {&t.Delivered, &u.Delivered}, {&t.Lost, &u.Lost},
		{&t.Announced, &u.Announced}, {&t.Duplicated, &u.Duplicated}, {&t.Reordered, &u.Reordered},
		{&t.Missed, &u.Missed}, {&t.Unsent, &u.Unsent}, {&t.Left, &u.Left},
		{&t.Joined, &u.Joined}, {&t.Slow, &u.Slow}, {&t.CutOff, &u.CutOff},
		{&t.Excused, &u.Excused}, {&t.Resets, &u.Resets}, {&t.Reconnects, &u.Reconnects},
		{&t.Moved, &u.Moved},
		{&t.Failed, &u.Failed},
	} {
		*pair[0] += *pair[1]
	}
	for _, pair := range []struct {
		to   *map[string]int64
		from map[string]int64
	}{{&t.Refused, u.Refused}, {&t.FailedUploads, u.FailedUploads}, {&t.Closed, u.Closed}} {
		if *pair.to = maps.Clone(*pair.to); *pair.to == nil {
			*pair.to = make(map[string]int64)
		}
		for what, n := range pair.from {
			(*pair.to)[what] += n
		}
	}
	t.Miscounted = max(t.Miscounted, u.Miscounted) // of the same messages
	t.Seconds = max(t.Seconds, u.Seconds)
	t.LoaderCPU += u.LoaderCPU
}

// chunkOf is a chunk of the log of a room.
type chunkOf struct {
	room  int
	epoch string
	index uint64
}

// Conflicts compares the logs of several processes and returns how many
// deliveries were of another message than elsewhere at the same place, or of
// one that has another place elsewhere. Of different ones, that of the first
// process counts as right.
func Conflicts(all [][]Log) (reordered, duplicated int64) {
	places := make(map[chunkOf]*[chunkSize]uint64)
	type name struct {
		room   int
		epoch  string
		number uint64
	}
	seqs := make(map[name]uint64)
	for _, logs := range all {
		for _, l := range logs {
			at := chunkOf{l.Room, l.Epoch, l.First / chunkSize}
			if places[at] == nil {
				places[at] = new([chunkSize]uint64)
			}
			for i, what := range l.What {
				seq := l.First + uint64(i)
				if what == 0 {
					continue
				}
				had := int64(max(1, l.Had[i]))
				switch place := &places[at][seq%chunkSize]; {
				case *place == 0:
					*place = what
				case *place != what:
					reordered += had
					continue
				}
				if what&foreign != 0 {
					continue
				}
				one := name{l.Room, l.Epoch, what}
				if other, ok := seqs[one]; ok && other != seq {
					duplicated += had
				} else {
					seqs[one] = seq
				}
			}
		}
	}
	return reordered, duplicated
}
