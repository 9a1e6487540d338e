package outage

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		l := Log{
			Logger: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{
				ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				},
			})),
			Level: slog.LevelWarn, Began: "gone", Ended: "back",
		}
		if l.Succeeded() {
			t.Error("an outage ended that had not begun")
		}
		for range 2 {
			for range 3 {
				l.Failed(errors.New("refused"))
				time.Sleep(time.Second)
			}
			if !l.Succeeded() || l.Succeeded() {
				t.Error("an outage ends with the first success")
			}
		}
		const once = "level=WARN msg=gone error=refused\nlevel=INFO msg=back after=3s attempts=3\n"
		if got := lines.String(); got != once+once {
			t.Errorf("logged\n%s", got)
		}
	})
}
