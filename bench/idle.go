package main

import (
	"context"
	"fmt"
	"time"
)

// memory measures the memory of idle connections.
func (b *bench) memory(ctx context.Context) error {
	b.row("", "after", "resident MB", "KB per connection")
	kinds := b.servers()
	kb := map[string][]float64{}
	for _, k := range kinds {
		one, err := b.memoryOf(ctx, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		kb[k.name] = []float64{one}
	}
	return b.compare("KB per idle connection", kinds, kb)
}

func (b *bench) memoryOf(ctx context.Context, k benchCase) (each float64, err error) {
	a, err := k.start(ctx)
	if err != nil {
		return 0, err
	}
	defer a.end()
	before, err := a.memory()
	if err != nil {
		return 0, err
	}
	c, err := gather(ctx, a.url, b.idle)
	if err != nil {
		return 0, err
	}
	defer c.leave()
	begin := time.Now()
	// at the second, each client of livechat has been pinged
	for _, at := range []time.Duration{5 * time.Second, 40 * time.Second} {
		if err := rest(ctx, at-time.Since(begin)); err != nil {
			return 0, err
		}
		after, err := a.memory()
		if err != nil {
			return 0, err
		}
		each = float64(after-before) / 1024 / float64(b.idle)
		b.row(k.name, at, after>>20, fmt.Sprintf("%.1f", each))
	}
	return each, nil
}

// handshakes measures the cost of accepting a connection.
func (b *bench) handshakes(ctx context.Context) error {
	b.row("", "µs CPU each", "a second")
	kinds := b.servers()
	each := map[string][]float64{}
	for range b.rounds {
		for _, k := range kinds {
			one, err := b.handshakesOf(ctx, k)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			each[k.name] = append(each[k.name], one)
		}
	}
	return b.compare("µs of CPU per handshake", kinds, each)
}

func (b *bench) handshakesOf(ctx context.Context, k benchCase) (each float64, err error) {
	a, err := k.start(ctx)
	if err != nil {
		return 0, err
	}
	defer a.end()
	before, err := a.cpu()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	c, err := gather(ctx, a.url, b.many)
	if err != nil {
		return 0, err
	}
	defer c.leave()
	took := time.Since(begin)
	// for the work that joining causes: presence, garbage collection
	if err := rest(ctx, 2*time.Second); err != nil {
		return 0, err
	}
	after, err := a.cpu()
	if err != nil {
		return 0, err
	}
	each = float64((after - before).Microseconds()) / float64(b.many)
	b.row(k.name, fmt.Sprintf("%.1f", each), int(float64(b.many)/took.Seconds()))
	return each, nil
}
