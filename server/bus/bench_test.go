package bus

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"livechat/internal/poll"
)

// BenchmarkPublish measures how many messages a second one server can publish
// in a room and receive.
func BenchmarkPublish(b *testing.B) {
	for name, backend := range map[string]func(testing.TB) *backend{
		"redis":     func(t testing.TB) *backend { return realRedis(t, "--appendfsync", "everysec") },
		"miniredis": miniRedis,
	} {
		b.Run(name, func(b *testing.B) {
			bus, h := start(b, backend(b).url, Options{PublishTimeout: patient}, room)
			// Otherwise all wait until the log is open, and those over the
			// limit are refused.
			mustSay(b, bus, room, "first", "x")
			publications := make([]Publication, b.N)
			answers := make(chan answer, b.N)
			for i := range publications {
				publications[i] = publication(room, strconv.Itoa(i), strings.Repeat("x", 100), answers)
			}
			b.ResetTimer()
			for _, p := range publications {
				if err := bus.PublishBody(context.Background(), p); err != nil {
					b.Fatal(err)
				}
			}
			for range publications {
				if a := <-answers; a.err != nil {
					b.Fatal(a.err)
				}
			}
			poll.Until(b, "all messages are received", func() bool { return h.count("payload", room) == b.N+1 })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
