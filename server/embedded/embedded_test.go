package embedded

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"livechat/internal/poll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRedis(t *testing.T) {
	r, err := Start("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	options, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	info, err := client.Info(t.Context(), "server").Result()
	if err != nil || !strings.Contains(info, "run_id:0123456789abcdef\r\n") {
		t.Errorf("INFO: %q, %v", info, err)
	}
	if err := client.Set(t.Context(), "key", "value", 1500*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { r.Run(ctx) })
	poll.Until(t, "the key expires", func() bool { return !r.Exists("key") })
	stop()
	run.Wait()

	open := *options
	open.Password = ""
	stranger := redis.NewClient(&open)
	defer stranger.Close()
	if err := stranger.Get(t.Context(), "key").Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("without the password: %v", err)
	}
}
