package chat

import (
	"slices"
	"testing"
)

const (
	epochA = "aaaaaaaaaaaaaaaa"
	epochB = "bbbbbbbbbbbbbbbb"
	epochC = "cccccccccccccccc"
)

func TestLog(t *testing.T) {
	l := Log{Head: Position{epochC, 30}, Epochs: EpochHistory{{epochA, 10}, {epochB, 20}}}
	for p, want := range map[Position]bool{
		{epochA, 0}: true, {epochA, 10}: true, {epochA, 11}: false,
		{epochB, 15}: true, {epochB, 21}: false,
		{epochC, 30}: true, {epochC, 31}: true, // the head moves on
		{"dddddddddddddddd", 1}: false,
	} {
		if l.Has(p) != want {
			t.Errorf("Has(%v) = %v", p, !want)
		}
	}
	for seq, want := range map[uint64]string{1: epochA, 10: epochA, 11: epochB, 20: epochB, 21: epochC,
		99: epochC} {
		if got := l.EpochOf(seq); got != want {
			t.Errorf("EpochOf(%d) = %s, want %s", seq, got, want)
		}
	}
	for epoch, want := range map[string]int{epochA: 0, epochB: 1, epochC: 2} {
		if got := l.Epochs.Before(epoch); len(got) != want {
			t.Errorf("Before(%s) = %v", epoch, got)
		}
	}
}

func TestEpochHistoryText(t *testing.T) {
	for _, l := range []EpochHistory{nil, {{epochA, 0}}, {{epochA, 10}, {epochB, 20}}} {
		got, err := ParseEpochHistory(l.String())
		if err != nil || !slices.Equal(got, l) {
			t.Errorf("%q is read as %v, %v", l, got, err)
		}
	}
	for _, bad := range []string{"x", epochA, epochA + ":1 " + epochB, epochA + ":-1"} {
		if l, err := ParseEpochHistory(bad); err == nil {
			t.Errorf("%q is read as %v", bad, l)
		}
	}
}
