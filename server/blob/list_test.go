package blob

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestList(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		all := []string{
			"ab/ab12", "ab/ab12-320", "abc/x", "incoming/a", "parts/p1/000000000000", "parts/p1/000001048576",
		}
		for i, key := range all {
			put(t, s, key, content(i))
		}
		for prefix, want := range map[string][]string{
			"":                   all,
			"ab":                 all[:3],
			"ab/":                all[:2],
			"ab/ab12":            all[:2],
			"ab/ab12-":           all[1:2],
			"parts/":             all[4:],
			"parts/p1":           all[4:],
			"parts/p1/000001":    all[5:],
			"parts/p2/":          {},
			"zz":                 {},
			"ab/ab12/deeper/yet": {},
		} {
			if got := keys(t, s, prefix); !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", prefix, got, want)
			}
		}
		for info, err := range s.List(t.Context(), "incoming/") {
			if err != nil || info.Size != 3 || time.Since(info.Modified).Abs() > time.Hour {
				t.Errorf("%+v, %v", info, err)
			}
		}
		for _, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Error(err)
			}
			break // a caller may stop early
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var last error
		for _, last = range s.List(ctx, "") {
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("canceled: %v", last)
		}
	})
}

func TestListIsPaged(t *testing.T) {
	if testing.Short() {
		t.Skip("puts 1,100 keys")
	}
	onAll(t, func(t *testing.T, s Store) {
		var group sync.WaitGroup
		for worker := range 8 {
			group.Go(func() {
				for i := worker; i < 1100; i += 8 {
					key := fmt.Sprintf("parts/p/%04d", i)
					if err := s.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if got := keys(t, s, "parts/"); len(got) != 1100 || got[1099] != "parts/p/1099" {
			t.Errorf("there are %d", len(got))
		}
	})
}
