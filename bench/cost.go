package main

import (
	"context"
	"fmt"
	"time"
)

// frameBytes is the size of the frame of a 100-byte message, in all cases.
const frameBytes = 282

// cost compares the CPU time of one delivery between the cases.
func (b *bench) cost(ctx context.Context, clients, rate int) error {
	b.row("", "deliveries", "µs CPU each", "median ms", "99 % ms", "missing", "disconnected")
	kinds := append([]benchCase{bare(rate)}, b.servers()...)
	each := map[string][]float64{}
	for range b.rounds {
		for _, k := range kinds {
			one, err := b.costOf(ctx, k, clients, rate)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			each[k.name] = append(each[k.name], one)
		}
	}
	return b.compare("µs of CPU per delivery", kinds, each)
}

func (b *bench) costOf(ctx context.Context, k benchCase, clients, rate int) (each float64, err error) {
	a, err := k.start(ctx)
	if err != nil {
		return 0, err
	}
	defer a.end()
	c, err := gather(ctx, a.url, clients)
	if err != nil {
		return 0, err
	}
	defer c.leave()
	// after the work that joining caused: presence, garbage collection
	if err := rest(ctx, 3*time.Second); err != nil {
		return 0, err
	}
	got, before, err := c.sample(a)
	if err != nil {
		return 0, err
	}
	if a.pub == "" {
		err = rest(ctx, b.length)
	} else {
		var n int
		if n, err = publish(ctx, a.pub, rate, b.length); err == nil {
			err = c.awaitQuiet(ctx, int64(n)*int64(clients))
			c.missing.Add(int64(n)*int64(clients) - c.got.Load())
		}
	}
	if err != nil {
		return 0, err
	}
	gotAfter, after, err := c.sample(a)
	if err != nil {
		return 0, err
	}
	lost := c.lost.Load()
	c.leave()
	each = float64((after - before).Microseconds()) / float64(gotAfter-got)
	b.row(k.name, gotAfter-got, fmt.Sprintf("%.2f", each), ms(c.percentile(50)), ms(c.percentile(99)),
		c.missing.Load(), lost)
	return each, nil
}

// rest waits for d.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sample returns how many messages the crowd has received and the CPU time that
// the instance has used.
func (c *crowd) sample(a *instance) (int64, time.Duration, error) {
	d, err := a.cpu()
	return c.got.Load(), d, err
}

// overload offers more messages than the machine can handle.
func (b *bench) overload(ctx context.Context) error {
	b.row("", "offered", "accepted", "deliveries/s", "µs CPU each", "median ms", "99 % ms", "missing",
		"disconnected", "MB")
	kinds := b.servers()
	rates, each := map[string][]float64{}, map[string][]float64{}
	for range b.rounds {
		for _, k := range kinds {
			rate, one, err := b.overloadOf(ctx, k)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			rates[k.name], each[k.name] = append(rates[k.name], rate), append(each[k.name], one)
		}
	}
	if err := b.compare("deliveries a second", kinds, rates); err != nil {
		return err
	}
	return b.compare("µs of CPU per delivery", kinds, each)
}

func (b *bench) overloadOf(ctx context.Context, k benchCase) (rate, each float64, err error) {
	a, err := k.start(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer a.end()
	c, err := gather(ctx, a.url, b.clients)
	if err != nil {
		return 0, 0, err
	}
	defer c.leave()
	if err := rest(ctx, 3*time.Second); err != nil {
		return 0, 0, err
	}
	_, before, err := c.sample(a)
	if err != nil {
		return 0, 0, err
	}
	offer := b.offer
	if k.most > 0 {
		offer = min(offer, k.most)
	}
	begin := time.Now()
	n, err := publish(ctx, a.pub, offer, b.length)
	if err != nil {
		return 0, 0, err
	}
	offered := time.Since(begin)
	want := int64(n) * int64(b.clients)
	if err := c.awaitQuiet(ctx, want); err != nil {
		return 0, 0, err
	}
	took := c.last.Load() - begin.UnixNano()
	got, after, err := c.sample(a)
	if err != nil {
		return 0, 0, err
	}
	memory, err := a.memory()
	if err != nil {
		return 0, 0, err
	}
	lost := c.lost.Load()
	c.leave()
	rate, each = float64(got)/(float64(took)/1e9), float64((after-before).Microseconds())/float64(got)
	b.row(k.name, n, fmt.Sprintf("%.1f s", offered.Seconds()), int64(rate), fmt.Sprintf("%.2f", each),
		ms(c.percentile(50)), ms(c.percentile(99)), want-got, lost, memory>>20)
	return rate, each, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
