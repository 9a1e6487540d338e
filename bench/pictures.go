package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// This measures what it costs a room when everybody in it opens its pictures at
// the same moment. Everything is as in production: two API processes and the
// servers behind HAProxy, Redis, PostgreSQL, the bytes in a folder. Each client
// has a socket, and fetches the preview of each picture over a few connections,
// as a browser does.
const (
	pictureCount = 50
	pictureRate  = 20 // messages a second, all the while
	pictureConns = 2  // connections of each client for its fetches
	pictureSize  = 320

	photoWidth, photoHeight = 2000, 1500
)

// album is a cluster with a room that has pictures.
type album struct {
	*bench
	pg    *testpg.Postgres
	cl    *localcluster.Cluster
	paths []string // of the previews
}

// pictures compares latencies in the room without and with the fetches, in turn.
func (b *bench) pictures(ctx context.Context) error {
	a, err := b.openAlbum(ctx)
	if err != nil {
		return err
	}
	defer a.close()
	b.row("", "median ms", "99 % ms", "missing", "previews/s", "median ms", "99 % ms", "failed",
		"API, MB before", "at most", "after", "µs CPU each: API", "HAProxy")
	var late [2][]float64 // 99th percentiles, without and with, ms
	var rates []float64
	for range b.rounds {
		p99, err := a.quietRound(ctx)
		if err != nil {
			return err
		}
		late[0] = append(late[0], p99)
		p99, rate, err := a.busyRound(ctx)
		if err != nil {
			return err
		}
		late[1], rates = append(late[1], p99), append(rates, rate)
	}
	if err := b.out.Flush(); err != nil {
		return err
	}
	without, with := median(late[0]), median(late[1])
	fmt.Printf("median of the 99th percentiles: %.1f ms without, %.1f ms with, ratio %.2f\n", without, with,
		with/without)
	fmt.Printf("median of the previews a second: %.0f\n", median(rates))
	return nil
}

// openAlbum starts the cluster, and uploads and sends the pictures.
func (b *bench) openAlbum(ctx context.Context) (a *album, err error) {
	a = &album{bench: b}
	defer func() {
		if err != nil {
			a.close()
			a = nil
		}
	}()
	if a.pg, err = testpg.Run(); err != nil {
		return a, err
	}
	db, err := a.pg.Database()
	if err != nil {
		return a, err
	}
	a.cl, err = localcluster.Start(ctx, localcluster.Options{
		Servers: b.nodes, API: 2, DB: db, Binary: b.binary,
		Env: map[string]string{
			"MESSAGE_RATE": "0", "ROOM_RATE": "0",
			"GUEST_FILES_DAY": "0", "LOG_LEVEL": "warn", "CHECK_TIMEOUT": "5s",
		},
	})
	if err != nil {
		return a, err
	}
	for i, p := range a.cl.APIs {
		fmt.Printf("API %d: profile at http://%s/debug/pprof/profile?seconds=10\n", i+1, p.Metrics)
	}
	return a, a.fill(ctx)
}

func (a *album) close() {
	if a.cl != nil {
		_ = a.cl.Close()
	}
	if a.pg != nil {
		a.pg.Close()
	}
}

// fill uploads photos, one after the other, and sends them to the room.
func (a *album) fill(ctx context.Context) error {
	begin, photo := time.Now(), noisyPhoto()
	key := client.NewGuestKey()
	var sent sync.WaitGroup
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	s := client.NewSession(client.Options{URL: a.cl.RoomURL(), GuestKey: key}, func(client.Event) {})
	sent.Go(func() { _ = s.Run(ctx) })
	defer sent.Wait()
	defer cancel()
	for i := range pictureCount {
		name := fmt.Sprintf("photo %d.jpg", i+1)
		upload := client.Upload{URL: a.cl.RoomURL(), Name: name, GuestKey: key}
		file, err := upload.Do(ctx, bytes.NewReader(photo))
		if err != nil {
			return err
		}
		if !slices.Contains(file.Previews, pictureSize) {
			return fmt.Errorf("%s has the previews %v", name, file.Previews)
		}
		if _, err := s.Send(ctx, "", client.WithFiles(file)); err != nil {
			return fmt.Errorf("send %s: %w", name, err)
		}
		a.paths = append(a.paths, fmt.Sprintf("%s?size=%d", file.Path(), pictureSize))
	}
	fmt.Printf("%d photos of %.1f MB uploaded and sent after %.1f s\n", pictureCount,
		float64(len(photo))/(1<<20), time.Since(begin).Seconds())
	return nil
}

// noisyPhoto returns a JPEG of 3 megapixels. Noise makes it as large as what a
// phone takes.
func noisyPhoto() []byte {
	m := image.NewYCbCr(image.Rect(0, 0, photoWidth, photoHeight), image.YCbCrSubsampleRatio420)
	random := rand.New(rand.NewPCG(1, 2))
	for y := range photoHeight {
		for x := range photoWidth {
			m.Y[m.YOffset(x, y)] = byte(x*100/photoWidth + y*100/photoHeight + random.IntN(80))
			m.Cb[m.COffset(x, y)] = byte(64 + x*128/photoWidth)
			m.Cr[m.COffset(x, y)] = byte(64 + y*128/photoHeight)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}) // to memory
	return b.Bytes()
}

// quietRound returns the 99th percentile in ms of messages' latencies.
func (a *album) quietRound(ctx context.Context) (float64, error) {
	p50, p99, missing, err := a.room(ctx, func(ctx context.Context) error { return rest(ctx, a.length) })
	if err == nil {
		a.row("without", ms(p50), ms(p99), missing)
	}
	return float64(p99.Microseconds()) / 1000, err
}

// busyRound returns the same while everybody fetches all previews, and how many
// are served a second.
func (a *album) busyRound(ctx context.Context) (p99ms, rate float64, err error) {
	var f *fetches
	var before, after albumUse
	p50, p99, missing, err := a.room(ctx, func(ctx context.Context) (err error) {
		if before, err = a.use(); err != nil {
			return err
		}
		if f, err = fetchElsewhere(ctx, a.cl.HAProxy.Addr, a.clients, a.paths); err != nil {
			return err
		}
		after, err = a.use()
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	if f.Failure != "" {
		fmt.Printf("a fetch failed: %s\n", f.Failure)
	}
	rate = float64(len(f.Took)) / f.Length.Seconds()
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.0f", float64(d.Microseconds())/float64(len(f.Took)))
	}
	a.row("with", ms(p50), ms(p99), missing, int(rate), ms(percentileOf(f.Took, 50)),
		ms(percentileOf(f.Took, 99)), f.Failed, before.memory>>20, after.peak>>20,
		after.memory>>20, each(after.api-before.api),
		each(after.haproxy-before.haproxy))
	return float64(p99.Microseconds()) / 1000, rate, nil
}

// albumUse is what the cluster has used: memory of the API process that has
// most, and processor time.
type albumUse struct {
	memory, peak int64
	api, haproxy time.Duration
}

// use returns what was used, and lets peaks begin again.
func (a *album) use() (u albumUse, err error) {
	for _, p := range a.cl.APIs {
		memory, e1 := p.Memory()
		peak, e2 := p.Peak()
		cpu, e3 := p.CPU()
		u.memory, u.peak, u.api = max(u.memory, memory), max(u.peak, peak), u.api+cpu
		err = errors.Join(err, e1, e2, e3, p.ResetPeak())
	}
	cpu, e := a.cl.HAProxy.CPU()
	u.haproxy = cpu
	return u, errors.Join(err, e)
}

// room lets everybody join, and measures the messages that are sent while
// meanwhile runs.
func (a *album) room(ctx context.Context, meanwhile func(context.Context) error) (
	p50, p99 time.Duration, missing int64, err error) {
	c, err := gather(ctx, a.cl.RoomURL(), a.clients)
	if err != nil {
		return 0, 0, 0, err
	}
	defer c.leave()
	if err := rest(ctx, 3*time.Second); err != nil {
		return 0, 0, 0, err
	}
	var over atomic.Bool
	var publishing sync.WaitGroup
	var sent int
	var publishErr error
	publishing.Go(func() {
		sent, publishErr = publishWhile(ctx, a.cl.ServerURL(0), pictureRate,
			func(time.Duration) bool { return !over.Load() })
	})
	err = meanwhile(ctx)
	over.Store(true)
	publishing.Wait()
	if err := errors.Join(err, publishErr); err != nil {
		return 0, 0, 0, err
	}
	want := int64(sent) * int64(a.clients)
	if err := c.awaitQuiet(ctx, want); err != nil {
		return 0, 0, 0, err
	}
	missing = want - c.got.Load()
	c.leave()
	return c.percentile(50), c.percentile(99), missing, nil
}
