// Package record is what one run of the load tool leaves: the figures behind the text, the page and the JSON file. It has no behaviour but
// reading and writing itself, so that a run of last month can be laid beside one of today.
package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Version is that of the JSON form. A file of another version is refused.
const Version = 1

// Run is one run. Times are seconds since the load began, latencies milliseconds.
type Run struct {
	Version  int       `json:"version"`
	Began    time.Time `json:"began"`
	Settings Settings  `json:"settings"`
	Machine  string    `json:"machine"` // of the loader
	Totals   Totals    `json:"totals"`
	Latency  Latency   `json:"latency"`
	Curve    []Point   `json:"curve"` // latency by percentile
	Seconds  []Second  `json:"seconds"`
	Marks    []Mark    `json:"marks"`
	Knee     *Knee     `json:"knee,omitempty"`
	Parts    []string  `json:"parts"`    // processes that were watched, in order of appearance; the loader is not among them
	Verdict  []string  `json:"verdict"`  // what went wrong, a sentence each; empty: nothing
	Advice   []string  `json:"advice"`   // what the person who ran it should know
	Complete bool      `json:"complete"` // false: it was broken off
}

// Settings are what was asked for.
type Settings struct {
	Scenario   string   `json:"scenario"`
	About      string   `json:"about"` // the scenario in a sentence
	URLs       []string `json:"urls"`
	Clients    int      `json:"clients"`
	Publishers int      `json:"publishers"`
	Rooms      int      `json:"rooms"`
	Rate       float64  `json:"rate"` // messages a second in all
	Bytes      int      `json:"bytes"`
	For        float64  `json:"for"`
	Warmup     float64  `json:"warmup"`
	Seed       uint64   `json:"seed"`
}

// Totals account for every message. A delivery is one message that came to one client.
type Totals struct {
	Sent       int64            `json:"sent"`
	Acked      int64            `json:"acked"`
	Refused    map[string]int64 `json:"refused"`    // by the server's code
	Unanswered int64            `json:"unanswered"` // neither acked nor refused
	Delivered  int64            `json:"delivered"`
	Measured   int64            `json:"measured"` // deliveries whose latency counts: those after the warm-up, to clients that read
	Lost       int64            `json:"lost"`     // deliveries that should have been
	Announced  int64            `json:"announced"`
	Doubled    int64            `json:"doubled"`
	Reordered  int64            `json:"reordered"`
	Resets     int64            `json:"resets"` // logs that were replaced
	Reconnects int64            `json:"reconnects"`
	Moved      int64            `json:"moved"`  // reconnects that the server asked for, without a break
	Failed     int64            `json:"failed"` // connections that could not be made
	Closed     map[string]int64 `json:"closed"` // connections that ended, by code
	Seconds    float64          `json:"seconds"`
	LoaderCPU  float64          `json:"loader_cpu"` // seconds of processor time while messages were sent
	LoaderEach float64          `json:"loader_each"`
	ServerEach float64          `json:"server_each"` // of all parts that were watched, microseconds of processor time per delivery; 0: none were
}

// Latency is from the moment at which a message was due to be sent to its receipt, over all measured deliveries.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Point is one of the percentile curve.
type Point struct {
	Percentile float64 `json:"percentile"`
	MS         float64 `json:"ms"`
}

// Second is what happened in one second of the run.
type Second struct {
	At         float64            `json:"at"`
	Span       float64            `json:"span"` // how long it was
	Warmup     bool               `json:"warmup"`
	Connected  int                `json:"connected"`
	Sent       int64              `json:"sent"`
	Delivered  int64              `json:"delivered"`
	Due        int64              `json:"due"` // deliveries there should have been of what was sent
	Lost       int64              `json:"lost"`
	Reconnects int64              `json:"reconnects"`
	Latency    Latency            `json:"latency"`
	Servers    map[string]Server  `json:"servers"` // by APPID
	Parts      map[string]Process `json:"parts"`
	Loader     Process            `json:"loader"`
}

// Server is what the clients of one server saw in a second.
type Server struct {
	Connected int     `json:"connected"`
	Delivered int64   `json:"delivered"`
	P99       float64 `json:"p99"`
}

// Process is what one program used in a second.
type Process struct {
	CPU    float64 `json:"cpu"`    // percent of one core
	Memory int64   `json:"memory"` // resident bytes
}

// Mark is something that happened, to be drawn into the charts.
type Mark struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// Knee is where a ramp broke.
type Knee struct {
	Held    float64 `json:"held"` // messages a second: the last step that was fine; 0: none was
	HeldP99 float64 `json:"held_p99"`
	Broke   float64 `json:"broke"` // the first that was not; 0: none, it ended before
	P99     float64 `json:"p99"`
	Why     string  `json:"why"`
}

// Write writes the run to a file.
func (r *Run) Write(name string) error {
	text, err := json.Marshal(r, jsontext.WithIndent(" "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the run: %w", err)
	}
	return nil
}

// Read reads a file that Write has written.
func Read(name string) (*Run, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s does not exist: -json %s writes it", name, name)
		}
		return nil, fmt.Errorf("read a run: %w", err)
	}
	var r Run
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is not a run of this tool: %w", name, err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("%s is of version %d, this tool reads version %d", name, r.Version, Version)
	}
	return &r, nil
}
