// Package metrics is what a server counts, in the form that Prometheus reads. It is a leaf: the other packages are given a Set and
// add to it. Names follow Prometheus' conventions: prefix livechat_, base units, _total for what only grows. Every label has few values,
// all of them written down here or at its use; nothing that a client chooses becomes a label.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Set is the metrics of one server. Everything in it may be used from any goroutine.
type Set struct {
	registry *prometheus.Registry

	// Connections.
	Joins    *prometheus.CounterVec // how
	Closed   *prometheus.CounterVec // code: see wire.CloseCode.Label
	Received *prometheus.CounterVec // result
	BytesIn  prometheus.Counter

	// Rooms.
	Heard    prometheus.Counter
	Missed   *prometheus.CounterVec // result: Filled, Lost
	Turns    prometheus.Counter
	Overfull prometheus.Counter

	// Fan-out. Shards add once per pass.
	Deliveries   prometheus.Counter
	Writes       prometheus.Counter
	BytesOut     prometheus.Counter
	PassSeconds  prometheus.Histogram
	PassMessages prometheus.Histogram
	SlowClients  prometheus.Gauge

	// Redis.
	PublishSeconds  prometheus.Histogram
	PublishMessages prometheus.Histogram
	LinksLost       prometheus.Counter
	Mends           *prometheus.CounterVec // result: Whole, Mended, Failed
	SaidAgain       prometheus.Counter

	// The API.
	APISeconds *prometheus.HistogramVec // method; route: as openapi.json has it, or both Other; status: 2xx to 5xx
	Posts      *prometheus.CounterVec   // result
}

// Values of labels.
const (
	// how, of Joins
	New      = "new"
	FromRing = "ring"
	FromLog  = "log"
	FromOld  = "archive"
	WithGap  = "gap"
	Rewound  = "rewound"
	Unknown  = "unknown"
	// result, of Received and Posts; the others are the codes of errors
	Taken     = "taken"
	Duplicate = "duplicate"
	// result, of Missed
	Filled = "filled"
	Lost   = "lost"
	// result, of Mends
	Whole  = "whole" // nothing was missing
	Mended = "mended"
	Failed = "failed"
	// method and route, of APISeconds: what there is not
	Other = "other"
)

// NewSet returns a set in which nothing has been counted.
func NewSet() *Set {
	s := &Set{
		registry: prometheus.NewRegistry(),

		Joins: counters("joins_total", "Connections that entered a room: new ones, and those that resumed from the ring, from the log, from the archive, "+
			"with a gap, from messages that were lost, from a log that is not known.", "how"),
		Closed:   counters("closed_total", "Connections that ended, by the code that this server closed with; none if it did not.", "code"),
		Received: counters("messages_received_total", "Messages that clients sent, by what became of them.", "result"),
		BytesIn:  counter("received_bytes_total", "Bytes of messages that clients sent."),

		Heard:    counter("messages_heard_total", "Messages that came from Redis and were put into a ring."),
		Missed:   counters("missed_messages_total", "Messages missed on the channel: filled from the log, or lost.", "result"),
		Turns:    counter("epoch_turns_total", "Times that a room went over to another epoch of its log."),
		Overfull: counter("room_queue_overflows_total", "Times that a room had so much to take in that it threw it away and read its log instead."),

		Deliveries: counter("deliveries_total", "Frames of rooms written to clients."),
		Writes:     counter("writes_total", "Write system calls of passes."),
		BytesOut:   counter("sent_bytes_total", "Bytes written to clients."),
		PassSeconds: histogram("pass_seconds", "Time that one pass of a shard took.",
			prometheus.ExponentialBuckets(10e-6, 4, 10)), // 10 µs to 2.6 s
		PassMessages: histogram("pass_frames", "Frames of a room that one pass brought to its clients.",
			prometheus.ExponentialBuckets(1, 2, 11)), // 1 to 1024
		SlowClients: gauge("slow_clients", "Clients whose sockets are full just now."),

		PublishSeconds: histogram("publish_seconds", "Round trip of one pipeline of publications to Redis.",
			prometheus.ExponentialBuckets(100e-6, 2, 16)), // 100 µs to 3.3 s
		PublishMessages: histogram("publish_messages", "Messages in one pipeline of publications.",
			prometheus.ExponentialBuckets(1, 2, 10)), // 1 to 512
		LinksLost: counter("redis_links_lost_total", "Times that the subscription to Redis was given up."),
		Mends:     counters("mends_total", "Logs found closed that this server opened again, whole or mended, or failed to.", "result"),
		SaidAgain: counter("messages_said_again_total", "Messages that the log had lost and this server put back."),

		APISeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "api_request_seconds", Help: "Time that requests of the API took, by method, route and class of the status.",
			Buckets: prometheus.ExponentialBuckets(1e-3, 2, 14), // 1 ms to 8 s; after 10 s a request is given up
		}, []string{"method", "route", "status"}),
		Posts: counters("posts_total", "Private messages that were posted, by what became of them.", "result"),
	}
	s.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		s.Joins, s.Closed, s.Received, s.BytesIn,
		s.Heard, s.Missed, s.Turns, s.Overfull,
		s.Deliveries, s.Writes, s.BytesOut, s.PassSeconds, s.PassMessages, s.SlowClients,
		s.PublishSeconds, s.PublishMessages, s.LinksLost, s.Mends, s.SaidAgain,
		s.APISeconds, s.Posts,
	)
	// What ought never to happen is 0 from the start: of a counter that begins with its first 1, an alert sees no increase.
	for _, result := range []string{Filled, Lost} {
		s.Missed.WithLabelValues(result)
	}
	for _, result := range []string{Whole, Mended, Failed} {
		s.Mends.WithLabelValues(result)
	}
	for _, result := range []string{Taken, Duplicate} {
		s.Posts.WithLabelValues(result)
	}
	return s
}

// Gauge adds a metric whose value is asked for when it is read.
func (s *Set) Gauge(name, help string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, value))
}

// GaugeOf is Gauge for one value of a label. One name can be there for several.
func (s *Set) GaugeOf(name, help, label, labelValue string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: name, Help: help, ConstLabels: prometheus.Labels{label: labelValue},
	}, value))
}

// Count adds a counter that somebody else keeps, and whose value is asked for when it is read. One name can be there for several values of one
// label; without a label both are "".
func (s *Set) Count(name, help, label, labelValue string, value func() int64) {
	o := prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}
	if label != "" {
		o.ConstLabels = prometheus.Labels{label: labelValue}
	}
	s.registry.MustRegister(prometheus.NewCounterFunc(o, func() float64 { return float64(value()) }))
}

const namespace = "livechat"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
}
