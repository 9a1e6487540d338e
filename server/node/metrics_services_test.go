package node

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// The metrics show what the services do.
func TestServiceMetrics(t *testing.T) {
	t.Parallel()
	n := start(t, "POST_RATE=0.01", "POST_BURST=3")
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.register()
	bob.register()
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/messages/"
	message := map[string]string{"id": uuid.NewString(), "text": "x"}
	ann.do(http.StatusCreated, "POST", chat, message)
	ann.do(http.StatusOK, "POST", chat, message)
	ann.do(http.StatusTooManyRequests, "POST", chat, message)
	bob.do(http.StatusBadRequest, "POST", chat, map[string]string{"id": "x", "text": "x"})
	ann.do(http.StatusNotFound, "GET", "/nothing/", nil)
	room := dial(t, n, "name=guest", "history=0")
	room.send("hello")
	room.next("message")
	wantMetrics(t, n, map[string]float64{
		`livechat_posts_total{result="taken"}`: 1, `livechat_posts_total{result="duplicate"}`: 1,
		`livechat_posts_total{result="rate_limited"}`:                                                  1,
		`livechat_api_request_seconds_count{method="POST",route="/accounts/",status="2xx"}`:            2,
		`livechat_api_request_seconds_count{method="POST",route="/chats/{id}/messages/",status="2xx"}`: 2,
		`livechat_api_request_seconds_count{method="POST",route="/chats/{id}/messages/",status="4xx"}`: 2,
		`livechat_api_request_seconds_count{method="other",route="other",status="4xx"}`:                1,
		`livechat_events_published_total`:                                                              4,
		`livechat_outbox_events`:                                                                       0, `livechat_outbox_age_seconds`: 0,
		`livechat_database_up`:                              1,
		`livechat_archived_messages_total{result="stored"}`: 1,
		`livechat_archived_messages_total{result="lost"}`:   0,
	})
}

// Events that cannot be published show up in the outbox metrics.
func TestOutboxMetrics(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.register()
	bob.register()
	r.Kill()
	ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})
	wantMetrics(t, n, map[string]float64{`livechat_outbox_events`: 2})
	poll.Until(t, "the oldest event gets older",
		func() bool { return scrape(t, n)["livechat_outbox_age_seconds"] > 1 })
	r.Start()
	wantMetrics(t, n, map[string]float64{
		`livechat_outbox_events`:          0,
		`livechat_outbox_age_seconds`:     0,
		`livechat_events_published_total`: 2,
	})
}

// wantMetrics waits until the metrics have these values.
func wantMetrics(t *testing.T, n *Node, want map[string]float64) {
	t.Helper()
	for series, value := range want {
		poll.Until(t, series,
			func() bool { got, there := scrape(t, n)[series]; return there && got == value })
	}
}
