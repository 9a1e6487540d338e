package run

import (
	"bytes"
	"encoding/gob"
	"reflect"
	"slices"
	"testing"

	"livechat/load/record"
)

// Everything that is counted adds up: also what is counted from tomorrow on.
func TestOutcomesAddUp(t *testing.T) {
	computed := []string{"Measured", "LoaderEach", "ServerEach"} // by Record
	most := []string{"Seconds", "Miscounted"}
	one := &Outcome{Latency: NewHistogram(), Measured: 1, Excused: 1, Missing: 1, ServerCPU: 1}
	_ = one.Latency.RecordValue(7)
	totals := reflect.ValueOf(&one.Totals).Elem()
	for i := range totals.NumField() {
		switch f := totals.Field(i); f.Kind() {
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Float64:
			f.SetFloat(1)
		case reflect.Map:
			f.Set(reflect.ValueOf(map[string]int64{"x": 1}))
		default:
			t.Errorf("%s has an unknown type", totals.Type().Field(i).Name)
		}
	}
	var sum Outcome
	sum.Add(one)
	sum.Add(one)
	if sum.Latency.TotalCount() != 2 || sum.Measured != 2 || sum.Excused != 2 || sum.Missing != 2 ||
		sum.ServerCPU != 2 {
		t.Errorf("%+v", sum)
	}
	got := reflect.ValueOf(sum.Totals)
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		want := int64(2)
		if slices.Contains(computed, name) {
			want = 0
		} else if slices.Contains(most, name) {
			want = 1
		}
		n := int64(-1)
		switch f := got.Field(i); f.Kind() {
		case reflect.Int64:
			n = f.Int()
		case reflect.Float64:
			n = int64(f.Float())
		case reflect.Map:
			n = f.Interface().(map[string]int64)["x"]
		}
		if n != want {
			t.Errorf("%s: 1 and 1 are %d, want %d", name, n, want)
		}
	}
	if !reflect.DeepEqual(one.Totals.Closed, map[string]int64{"x": 1}) {
		t.Error("adding changed what was added")
	}
}

// An outcome survives the way to another process.
func TestOutcomeIsSent(t *testing.T) {
	o := Outcome{Totals: record.Totals{Sent: 3}, Latency: NewHistogram()}
	_ = o.Latency.RecordValues(1234, 9)
	_ = o.Latency.RecordValue(longest.Microseconds())
	var wire bytes.Buffer
	var got Outcome
	if err := gob.NewEncoder(&wire).Encode(&o); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&wire).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Totals.Sent != 3 || LatencyOf(got.Latency) != LatencyOf(o.Latency) {
		t.Errorf("%+v, want %+v", LatencyOf(got.Latency), LatencyOf(o.Latency))
	}
	sum := Outcome{}
	sum.Add(&got)
	if sum.Latency.TotalCount() != 10 {
		t.Errorf("%d latencies, want 10", sum.Latency.TotalCount())
	}
}

// Processes whose clients saw different logs are each consistent by themselves.
func TestConflictsBetweenProcessesAreCounted(t *testing.T) {
	log := func(first uint64, had int32, what ...uint64) []Log {
		return []Log{{Epoch: "e", First: first, What: what, Had: slices.Repeat([]int32{had}, len(what))}}
	}
	for _, test := range []struct {
		name                  string
		logs                  [][]Log
		reordered, duplicated int64
	}{
		{"they agree", [][]Log{log(101, 3, 1, 2, 3), log(102, 2, 2, 3, 4), log(101, 1, 1, 0, 3)}, 0, 0},
		{"others' messages agree", [][]Log{log(101, 3, 7|foreign), log(101, 2, 7|foreign)}, 0, 0},
		{"two change places", [][]Log{log(101, 3, 1, 2), log(101, 2, 2, 1)}, 4, 0},
		{"another one's message", [][]Log{log(101, 3, 7|foreign), log(101, 2, 8|foreign)}, 2, 0},
		{"it is in the log twice", [][]Log{log(101, 3, 1, 0, 3), log(102, 2, 1, 3)}, 0, 2},
		{"other chunks", [][]Log{log(4095, 3, 1), log(4096, 2, 2)}, 0, 0},
	} {
		if r, d := Conflicts(test.logs); r != test.reordered || d != test.duplicated {
			t.Errorf("%s: %d out of order and %d duplicated, want %d and %d", test.name, r, d, test.reordered,
				test.duplicated)
		}
	}
	rooms := [][]Log{log(101, 1, 1), log(101, 1, 2), log(101, 1, 3)}
	rooms[1][0].Room, rooms[2][0].Epoch = 1, "f"
	if r, d := Conflicts(rooms); r+d != 0 {
		t.Errorf("logs of different rooms and epochs conflict: %d, %d", r, d)
	}
}
