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

// observeRequest counts a request of the API.
func (n *Node) observeRequest(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = metrics.Other, metrics.Other
	}
	n.metrics.APISeconds.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// countedChats counts what is posted.
type countedChats struct {
	*private.Service
	metrics *metrics.Set
}

// Post implements api.Chats.
func (c countedChats) Post(ctx context.Context, me int64, inChat, id, text string) (m store.Message, created bool, err error) {
	m, created, err = c.Service.Post(ctx, me, inChat, id, text)
	result := metrics.Taken
	switch {
	case err != nil && store.Away(err):
		result = string(chat.CodeUnavailable)
	case err != nil:
		result = string(chat.AsError(err).Code)
	case !created:
		result = metrics.Duplicate
	}
	c.metrics.Posts.WithLabelValues(result).Inc()
	return m, created, err
}

// serviceGauges adds what the services know without counting, and what they count themselves.
func (n *Node) serviceGauges() {
	s := &n.services
	n.metrics.Gauge("database_up", "1 if the database answered when it was asked last.", func() float64 {
		return oneIf(s.database.String() != databaseDown)
	})
	for _, why := range []chat.Refusal{chat.Full, chat.ReadOnly, chat.RefusesWrites} {
		n.metrics.GaugeOf("database_refuses_writes", "1 if the database takes no writes, by the reason that it gives.", "reason", string(why),
			func() float64 { return oneIf(s.database.String() == string(why)) })
	}
	n.metrics.Gauge("outbox_events", "Events of private chats that wait to be published in feeds, up to 100,000; of all servers, as this one measured it last.", func() float64 {
		if o := s.outbox.Load(); o != nil {
			return float64(o.waiting)
		}
		return 0
	})
	n.metrics.Gauge("outbox_age_seconds", "Age of the oldest event that waits to be published in feeds; 0 if none does.", func() float64 {
		if o := s.outbox.Load(); o != nil && !o.oldest.IsZero() {
			return max(0, o.at.Sub(o.oldest).Seconds()) // not since: what had just been written then is long published
		}
		return 0
	})
	n.metrics.Count("events_published_total", "Events of private chats that this server has published in feeds.", "", "", s.relay.Count)
	for result, value := range map[string]func() int64{
		"stored":  func() int64 { return s.archiver.Counts().Stored },
		"again":   func() int64 { return s.archiver.Counts().Again },
		"skipped": func() int64 { return s.archiver.Counts().Skipped },
		"lost":    func() int64 { return s.archiver.Counts().Lost },
	} {
		n.metrics.Count("archived_messages_total", "Messages of rooms that this server has taken out of their logs for the archive: stored, there already, no messages, "+
			"gone from their log before they were stored.", "result", result, value)
	}
}
