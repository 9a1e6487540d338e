package bus

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
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
			poll.Until(b, "all messages are received", func() bool {
				return h.count("payload", room) == b.N+1
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkPublishRules is BenchmarkPublish of somebody who is bound by the
// rules of the room: without any, with some, and in slow mode. Without who,
// nobody is.
func BenchmarkPublishRules(b *testing.B) {
	many := func(r *chat.RoomRules) {
		for i := range 100 {
			mute(chat.AccountSubject(int64(1000 + i)))(r)
		}
	}
	for _, c := range []struct {
		name  string
		rules func(*chat.RoomRules)
	}{
		{"unchecked", nil},
		{"none", func(*chat.RoomRules) {}},
		{"rules", many},
		{"slow", func(r *chat.RoomRules) { many(r); r.Slow = time.Millisecond }},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkRules(b, c.rules) })
	}
}

func benchmarkRules(b *testing.B, rules func(*chat.RoomRules)) {
	r, d := realRedis(b, "--appendfsync", "everysec"), newTruth()
	o := d.options()
	o.PublishTimeout = patient
	bus, _ := start(b, r.url, o, room)
	mustSay(b, bus, room, "first", "x")
	if rules != nil {
		d.decides(b, bus, room, rules)
		takes(b, bus, room, "second", annie)
	}
	publications := make([]Publication, b.N)
	answers := make(chan answer, b.N)
	for i := range publications {
		p := publication(room, strconv.Itoa(i), strings.Repeat("x", 100), answers)
		if rules != nil { // many people: in slow mode each may write once in a while
			p.By = chat.Writer{Person: chat.GuestSubject(strconv.Itoa(i % 50_000))}
		}
		publications[i] = p
	}
	// In parts, of which the least counts as well: of a busy machine that says more
	// than the mean.
	const part = 1000
	began := usedCPU(b, r)
	used, least, refused := began, 0.0, 0
	b.ResetTimer()
	for some := range slices.Chunk(publications, part) {
		for _, p := range some {
			if err := bus.PublishBody(context.Background(), p); err != nil {
				b.Fatal(err)
			}
		}
		for range some {
			if a := <-answers; a.err != nil {
				if chat.AsError(a.err).Code != chat.CodeSlowMode {
					b.Fatal(a.err)
				}
				refused++
			}
		}
		now := usedCPU(b, r)
		if took := (now - used) * 1e6 / part; len(some) == part && (least == 0 || took < least) {
			least = took
		}
		used = now
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric((used-began)*1e6/float64(b.N), "redis-µs/msg")
	b.ReportMetric(least, "least-redis-µs/msg")
	b.ReportMetric(float64(refused)/float64(b.N), "refused/msg")
}

// usedCPU returns the processor time that Redis has used, in seconds.
func usedCPU(b *testing.B, r *backend) (seconds float64) {
	b.Helper()
	info, err := r.raw.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			seconds += n
		}
	}
	return seconds
}
