// Package record is the result of a run of the load tool: the figures behind
// the text, the page and the JSON file. It only reads and writes itself, so
// that old and new runs can be compared.
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

// Version is the version of the JSON form. Read refuses other versions.
const Version = 1

// Run is one run. Times are seconds since the load began, latencies
// milliseconds.
type Run struct {
	Version  int       `json:"version"`
	Began    time.Time `json:"began"`
	Command  []string  `json:"command,omitempty"` // the flags as given
	Settings Settings  `json:"settings"`
	Machine  string    `json:"machine"` // that the load tool ran on
	Context  *Context  `json:"context,omitempty"`
	Totals   Totals    `json:"totals"`
	Latency  Latency   `json:"latency"`
	Curve    []Point   `json:"curve"` // latency by percentile
	Seconds  []Second  `json:"seconds"`
	Marks    []Mark    `json:"marks"`
	Did      []string  `json:"did,omitempty"` // what the scenario did, a sentence each
	Scale    *Scale    `json:"scale,omitempty"`
	Acts     []Act     `json:"acts,omitempty"` // what people did; with a mix
	Network  *Network  `json:"network,omitempty"`
	Knee     *Knee     `json:"knee,omitempty"`
	Parts    []string  `json:"parts"`   // watched processes by first appearance, without the load tool
	Verdict  []string  `json:"verdict"` // what went wrong, one sentence each; empty if nothing
	Limits   []Limit   `json:"limits,omitempty"`
	Baseline *Baseline `json:"baseline,omitempty"`
	Advice   []string  `json:"advice"`   // what the user should know
	Complete bool      `json:"complete"` // false if the run was interrupted
	// NotAvailable is what the target of the run has no notion of. Its figures
	// are 0.
	NotAvailable []string `json:"not_available,omitempty"`
	Workers      []Worker `json:"workers,omitempty"` // empty: one process did it all
}

// Settings are the settings of the run.
type Settings struct {
	Target     string      `json:"target,omitempty"` // kind of the servers; empty: livechat
	Experiment *Experiment `json:"experiment,omitempty"`
	Scenario   string      `json:"scenario"`
	About      string      `json:"about"` // the scenario in a sentence
	URLs       []string    `json:"urls"`
	Clients    int         `json:"clients"`
	Publishers int         `json:"publishers"`
	Rooms      int         `json:"rooms"`
	Room       string      `json:"room,omitempty"` // of the first client; empty: as the address says
	// With Zipf, the exponent, and the clients of the biggest room and of the
	// median one.
	Zipf        float64 `json:"zipf,omitempty"`
	BiggestRoom int     `json:"biggest_room,omitempty"`
	MedianRoom  int     `json:"median_room,omitempty"`

	Rate   float64 `json:"rate"`             // messages a second in all
	Stages string  `json:"stages,omitempty"` // then Clients and Rate are the most
	Bytes  int     `json:"bytes"`
	// what else people do, in percent of the messages, as -mix names it
	Mix      map[string]float64 `json:"mix,omitempty"`
	FileSize int                `json:"file_size,omitempty"` // bytes
	Network  string             `json:"network,omitempty"`   // of some clients, as -network has it
	For      float64            `json:"for"`
	Warmup   float64            `json:"warmup"`
	Seed     uint64             `json:"seed"`
}

// Experiment is the file that the run followed. Times are seconds after the
// warm-up.
type Experiment struct {
	File     string    `json:"file"`
	About    string    `json:"about,omitempty"`
	Commands []Command `json:"commands,omitempty"`
}

// Command is a command that was run meanwhile, and the one that undid it.
type Command struct {
	At   float64 `json:"at"`
	Run  string  `json:"run"`
	For  float64 `json:"for,omitempty"`
	Then string  `json:"then,omitempty"`
}

// Totals account for every message. A delivery is one message received by one
// client.
type Totals struct {
	Sent      int64 `json:"sent"`
	Edits     int64 `json:"edits,omitempty"`     // of those sent
	Deletes   int64 `json:"deletes,omitempty"`   // of those sent
	Reactions int64 `json:"reactions,omitempty"` // of those sent
	Files     int64 `json:"files,omitempty"`     // of those sent
	// messages of which the last summary says something else than what was acked
	Miscounted int64            `json:"miscounted,omitempty"`
	Acked      int64            `json:"acked"`
	Refused    map[string]int64 `json:"refused"`    // by error code
	Unanswered int64            `json:"unanswered"` // neither acked nor refused
	// attempts to upload a file that failed and were repeated, by status and code
	FailedUploads map[string]int64 `json:"failed_uploads,omitempty"`
	Delivered     int64            `json:"delivered"`
	// Measured deliveries are those whose latency counts: after the warm-up, to
	// clients that are not slow.
	Measured  int64 `json:"measured"`
	Lost      int64 `json:"lost"` // expected deliveries that did not arrive
	Announced int64 `json:"announced"`
	// Of another target than livechat: what clients missed while they were not
	// connected, and messages that nobody received because the connection over
	// which they were sent ended.
	Missed int64 `json:"missed,omitempty"`
	Unsent int64 `json:"unsent,omitempty"`

	Duplicated int64 `json:"doubled"`
	Reordered  int64 `json:"reordered"`
	Resets     int64 `json:"resets"` // replaced logs
	Reconnects int64 `json:"reconnects"`
	Moved      int64 `json:"moved"`  // reconnects requested by the server, without an interruption
	Failed     int64 `json:"failed"` // failed connection attempts
	// Of churn: clients that left, and that came in their place.
	Left   int64 `json:"left,omitempty"`
	Joined int64 `json:"joined,omitempty"`
	// Of slow: clients that read slowly, their connections that ended, and
	// deliveries that were announced to them as gaps.
	Slow    int64 `json:"slow,omitempty"`
	CutOff  int64 `json:"cut_off,omitempty"`
	Excused int64 `json:"excused,omitempty"`

	Closed     map[string]int64 `json:"closed"` // ended connections by close code
	Seconds    float64          `json:"seconds"`
	LoaderCPU  float64          `json:"loader_cpu"` // seconds of processor time while messages were sent
	LoaderEach float64          `json:"loader_each"`
	// ServerEach is the processor time of all watched parts in µs per delivery;
	// 0 if none was watched.
	ServerEach float64 `json:"server_each"`
}

// Latency is the time from when a message was due to its receipt, over all
// measured deliveries.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Point is a point of the percentile curve.
type Point struct {
	Percentile float64 `json:"percentile"`
	MS         float64 `json:"ms"`
}

// Second is what happened in one second of the run.
type Second struct {
	At         float64            `json:"at"`
	Span       float64            `json:"span"` // its length
	Warmup     bool               `json:"warmup"`
	Connected  int                `json:"connected"`
	Planned    int                `json:"planned,omitempty"` // clients, with stages
	Sent       int64              `json:"sent"`
	Delivered  int64              `json:"delivered"`
	Due        int64              `json:"due"` // expected deliveries of what was sent
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

// Process is what a process used in a second.
type Process struct {
	CPU    float64 `json:"cpu"`    // percent of one core
	Memory int64   `json:"memory"` // resident bytes
}

// Mark is an event to be drawn in the charts.
type Mark struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// Knee is where a ramp broke.
type Knee struct {
	Held    float64 `json:"held"` // messages a second of the last good step; 0 if none
	HeldP99 float64 `json:"held_p99"`
	Broke   float64 `json:"broke"` // messages a second of the first bad step; 0 if none
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

// Read reads a file written by Write.
func Read(name string) (*Run, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s does not exist: write it with -json %s", name, name)
		}
		return nil, fmt.Errorf("read a run: %w", err)
	}
	var r Run
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is not a result of this tool: %w", name, err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("%s has version %d, this tool reads version %d", name, r.Version, Version)
	}
	return &r, nil
}
