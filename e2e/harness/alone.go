package harness

import (
	"context"
	"maps"
	"testing"
	"time"

	"livechat/internal/localcluster"
)

// StartAlone starts the default, standalone server: one process and nothing
// else.
func StartAlone(t *testing.T) *localcluster.Part {
	t.Helper()
	return StartAloneWith(t, nil)
}

// StartAloneWith starts a standalone server with settings over QuickSettings.
func StartAloneWith(t *testing.T, settings map[string]string) *localcluster.Part {
	t.Helper()
	binary, err := Binary()
	if err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(QuickSettings)
	maps.Copy(env, settings)
	p, err := localcluster.Alone(binary, env, LogTo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := p.Start(Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	return p
}
