package node

import (
	"context"
	"strconv"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/private"
	"livechat/server/store"
)

// observeRequest counts a request to the API.
func (n *Node) observeRequest(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = metrics.Other, metrics.Other
	}
	n.metrics.APISeconds.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// countedChats counts posts.
type countedChats struct {
	*private.Service
	metrics *metrics.Set
}

// Post implements api.Chats.
func (c countedChats) Post(
	ctx context.Context, me int64, inChat, id, text string, files ...chat.FileRef,
) (m store.Message, created bool, err error) {
	m, created, err = c.Service.Post(ctx, me, inChat, id, text, files...)
	result := metrics.Taken
	switch {
	case err != nil && store.Unavailable(err):
		result = string(chat.CodeUnavailable)
	case err != nil:
		result = string(chat.AsError(err).Code)
	case !created:
		result = metrics.Duplicate
	}
	c.metrics.Posts.WithLabelValues(result).Inc()
	return m, created, err
}

// serviceGauges adds metrics that the services compute on request or count
// themselves.
func (n *Node) serviceGauges() {
	s := &n.services
	n.fileGauges()
	n.metrics.Gauge("database_up", "1 if the database answered when it was asked last.", func() float64 {
		return oneIf(s.watcher.State() != store.Down)
	})
	for _, why := range []chat.Refusal{chat.Full, chat.ReadOnly, chat.RefusesWrites} {
		n.metrics.GaugeOf("database_refuses_writes", "1 if the database takes no writes, by reason.",
			"reason", string(why), func() float64 { return oneIf(s.watcher.State() == string(why)) })
	}
	n.metrics.Gauge(
		"outbox_events",
		"Events of private chats that wait to be published to feeds, up to 100,000; "+
			"of all servers, as last measured by this one.",
		func() float64 {
			o, _ := s.watcher.Outbox()
			return float64(o.Waiting)
		},
	)
	n.metrics.Gauge("outbox_age_seconds",
		"Age of the oldest event that waits to be published to feeds; 0 if none does.",
		func() float64 {
			if o, ok := s.watcher.Outbox(); ok && !o.Oldest.IsZero() {
				// age at the time of the measurement: since then it may have been
				// published
				return max(0, o.At.Sub(o.Oldest).Seconds())
			}
			return 0
		},
	)
	n.metrics.Count("events_published_total",
		"Events of private chats that this server has published to feeds.", "", "", s.relay.Count)
	for result, value := range map[string]func() int64{
		"stored":  func() int64 { return s.archiver.Counts().Stored },
		"again":   func() int64 { return s.archiver.Counts().Duplicates },
		"skipped": func() int64 { return s.archiver.Counts().Skipped },
		"lost":    func() int64 { return s.archiver.Counts().Lost },
	} {
		n.metrics.Count("archived_messages_total",
			"Log entries of rooms that this server read for the archive: stored, archived already, "+
				"not messages, gone from the log before they were stored.",
			"result", result, value)
	}
}
