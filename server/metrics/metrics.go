// Package metrics holds the counters of one server in Prometheus' format. It is
// a leaf: other packages are given a Set and add to it. Names follow
// Prometheus' conventions: the prefix livechat_, base units, _total for
// counters. Every label has a small, fixed set of values, listed here or where
// it is used. Nothing that a client chooses becomes a label.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Set is the metrics of one server. It is safe for concurrent use.
type Set struct {
	registry *prometheus.Registry

	// Connections.
	Joins    *prometheus.CounterVec // how
	Closed   *prometheus.CounterVec // code: see wire.CloseCode.Label
	Received *prometheus.CounterVec // result
	BytesIn  prometheus.Counter
	Limited  *prometheus.CounterVec // limit: OfConnection …

	// Rooms.
	SubscriptionMessages prometheus.Counter
	Missed               *prometheus.CounterVec // result: Filled, Lost
	EpochChanges         prometheus.Counter
	Overfull             prometheus.Counter

	// Fan-out. Shards add to these once per pass.
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
	LogRepairs      *prometheus.CounterVec // result: Whole, Repaired, Failed
	Republished     prometheus.Counter

	// The API.
	// method and route as in openapi.json, or both Other; status: 2xx to 5xx
	APISeconds *prometheus.HistogramVec
	Posts      *prometheus.CounterVec // result

	// Moderation. action: as in the audit log; report: a message was reported
	Moderated *prometheus.CounterVec

	Files
}

// Files are the metrics of files.
type Files struct {
	FileUploads     *prometheus.CounterVec // result
	FileUploadBytes prometheus.Counter
	PictureSeconds  *prometheus.HistogramVec // op: clean, preview
	StoreSeconds    *prometheus.HistogramVec // op: put, open, read, delete, list
	StoreFailures   *prometheus.CounterVec   // op
}

// Label values.
const (
	// how, of Joins
	New         = "new"
	FromRing    = "ring"
	FromLog     = "log"
	FromArchive = "archive"
	WithGap     = "gap"
	Rewound     = "rewound"
	Unknown     = "unknown"
	// result, of Received, Posts and FileUploads; other values are error codes
	Taken     = "taken"
	Duplicate = "duplicate"
	Reacted   = "reacted" // of Received only
	// limit, of Limited: whose rate was exceeded
	OfConnection = "connection"
	OfAddress    = "address"
	OfRoom       = "room"
	OfAccount    = "account" // private messages and the like
	OfChats      = "chats"   // new chats of an account
	OfNames      = "names"   // guests' names of an address
	// result, of Missed
	Filled = "filled"
	Lost   = "lost"
	// result, of LogRepairs
	Whole    = "whole" // nothing was missing
	Repaired = "repaired"
	Failed   = "failed"
	// method and route, of APISeconds: requests that match no route
	Other = "other"
)

// NewSet returns a set with all counters at zero.
func NewSet() *Set {
	s := &Set{
		registry: prometheus.NewRegistry(),

		Joins: counters(
			"joins_total",
			"Connections that entered a room: new, or resumed from the ring, the log or the archive, "+
				"with a gap, rewound because messages were lost, or from an unknown log.",
			"how",
		),
		Closed: counters("closed_total",
			"Connections that ended, by the close code this server sent; none if it sent none.", "code"),
		Received: counters("messages_received_total",
			"Messages and reactions that clients sent, by result.", "result"),
		BytesIn: counter("received_bytes_total", "Bytes of the messages that clients sent."),
		Limited: counters("rate_limited_total",
			"What was refused because of a limit on a rate, by whose it was.", "limit"),

		SubscriptionMessages: counter("subscription_messages_total",
			"Messages received from Redis and appended to a ring."),
		Missed: counters("missed_messages_total",
			"Messages missed by the subscription: filled from the log, or lost.", "result"),
		EpochChanges: counter("epoch_changes_total",
			"Times that a room changed to another epoch of its log."),
		Overfull: counter("room_queue_overflows_total",
			"Times that a room's queue was full, so that the room dropped it and read its log instead."),

		Deliveries: counter("deliveries_total", "Room frames written to clients."),
		Writes:     counter("writes_total", "Write system calls made by passes."),
		BytesOut:   counter("sent_bytes_total", "Bytes written to clients."),
		PassSeconds: histogram("pass_seconds", "Duration of one pass of a shard.",
			prometheus.ExponentialBuckets(10e-6, 4, 10)), // 10 µs to 2.6 s
		PassMessages: histogram("pass_frames", "Frames of one room that one pass wrote to each client.",
			prometheus.ExponentialBuckets(1, 2, 11)), // 1 to 1024
		SlowClients: gauge("slow_clients", "Clients whose socket buffers are full now."),

		PublishSeconds: histogram("publish_seconds", "Round trip of one pipeline of publishes to Redis.",
			prometheus.ExponentialBuckets(100e-6, 2, 16)), // 100 µs to 3.3 s
		PublishMessages: histogram("publish_messages", "Messages in one pipeline of publishes.",
			prometheus.ExponentialBuckets(1, 2, 10)), // 1 to 512
		LinksLost: counter("redis_links_lost_total",
			"Times that the subscription connection to Redis was dropped."),
		LogRepairs: counters("log_repairs_total",
			"Sealed logs that this server unsealed: found whole, repaired, or failed.", "result"),
		Republished: counter("messages_republished_total",
			"Messages missing from a log that this server published again."),

		APISeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "api_request_seconds",
			Help: "Duration of API requests, by method, route and status class.",
			// 1 ms to 8 s; a request is canceled after 10 s
			Buckets: prometheus.ExponentialBuckets(1e-3, 2, 14),
		}, []string{"method", "route", "status"}),
		Posts: counters("posts_total", "Private messages posted, by result.", "result"),
		Moderated: counters("moderation_actions_total",
			"What those who moderate rooms did over HTTP or a socket, as in the audit log, and reports.",
			"action"),
		Files: newFiles(),
	}
	s.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		s.Joins, s.Closed, s.Received, s.BytesIn, s.Limited,
		s.SubscriptionMessages, s.Missed, s.EpochChanges, s.Overfull,
		s.Deliveries, s.Writes, s.BytesOut, s.PassSeconds, s.PassMessages, s.SlowClients,
		s.PublishSeconds, s.PublishMessages, s.LinksLost, s.LogRepairs, s.Republished,
		s.APISeconds, s.Posts, s.Moderated,
		s.FileUploads, s.FileUploadBytes, s.PictureSeconds, s.StoreSeconds, s.StoreFailures,
	)
	// Events that should never happen start at 0: an alert sees no increase in
	// a counter that first appears as 1.
	for _, result := range []string{Filled, Lost} {
		s.Missed.WithLabelValues(result)
	}
	for _, result := range []string{Whole, Repaired, Failed} {
		s.LogRepairs.WithLabelValues(result)
	}
	for _, result := range []string{Taken, Duplicate} {
		s.Posts.WithLabelValues(result)
		s.FileUploads.WithLabelValues(result)
	}
	for _, limit := range []string{OfConnection, OfAddress, OfRoom, OfAccount, OfChats, OfNames} {
		s.Limited.WithLabelValues(limit)
	}
	s.beginAtZero()
	return s
}

// Gauge adds a metric whose value is read by calling value at each scrape.
func (s *Set) Gauge(name, help string, value func() float64) {
	s.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, value),
	)
}

// GaugeOf is Gauge with one label value. Call it once per value of the label.
func (s *Set) GaugeOf(name, help, label, labelValue string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: name, Help: help, ConstLabels: prometheus.Labels{label: labelValue},
	}, value))
}

// Count adds a counter that is kept elsewhere; value is called at each scrape.
// Call it once per value of the label. Without a label, pass "" for label and
// labelValue.
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
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help},
		[]string{label})
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(
		prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets},
	)
}
