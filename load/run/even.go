package run

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Clients are spread evenly if each server that takes clients has as many as the
// mean, give or take evenShare of it, but at least evenSlack clients, and no
// other server has any. The servers themselves stop at a fullest one with 1.1
// times the clients of the emptiest.
const (
	evenShare = 0.2
	evenSlack = 2.0
	// evenTime is how long that has to hold, with the same servers.
	evenTime = 5 * time.Second
	// leastMean is how many clients per server the servers balance: with fewer
	// they leave them where they are.
	leastMean = 8
)

// spread returns the mean number of clients of the ready servers, and by how much
// the server furthest from it differs. A server that is not ready should have
// none.
func spread(ready []string, online map[string]int) (mean, off float64) {
	total := 0
	for _, n := range online {
		total += n
	}
	if len(ready) == 0 {
		return 0, float64(total)
	}
	mean = float64(total) / float64(len(ready))
	for _, app := range ready {
		off = max(off, math.Abs(float64(online[app])-mean))
	}
	for app, n := range online {
		if !slices.Contains(ready, app) {
			off = max(off, float64(n))
		}
	}
	return mean, off
}

// isEven reports whether the clients are spread evenly. want is the number of
// servers that there should be; less than 0: any.
func isEven(ready []string, online map[string]int, want int) bool {
	if len(ready) == 0 || want >= 0 && len(ready) != want {
		return false
	}
	mean, off := spread(ready, online)
	return off <= max(evenShare*mean, evenSlack)
}

// evenness follows how evenly the clients are spread. The zero value is ready to
// use.
type evenness struct {
	servers string    // when it was last looked
	since   time.Time // when it became even; zero: it is not
}

// look returns since when the clients are spread evenly, and whether for long
// enough.
func (e *evenness) look(now time.Time, ready []string, online map[string]int, want int) (time.Time, bool) {
	servers := strings.Join(ready, " ")
	switch {
	case !isEven(ready, online, want):
		e.since = time.Time{}
	case e.since.IsZero() || servers != e.servers:
		e.since = now
	}
	e.servers = servers
	return e.since, !e.since.IsZero() && now.Sub(e.since) >= evenTime
}

// evenRule says what counts as even.
func evenRule() string {
	return fmt.Sprintf("each server within %.0f %% of the mean (or %.0f clients), for %s",
		100*evenShare, evenSlack, evenTime)
}
