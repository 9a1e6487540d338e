package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Network says how slow the network of some clients is. The zero value is that
// of this machine.
type Network struct {
	Share  float64       // percent of the clients that it is the network of
	Delay  time.Duration // one way, for each way
	Jitter time.Duration // by which the delay is shorter or longer, evenly
	Loss   float64       // percent of the segments
	Rate   int64         // bytes a second, each way; 0: no limit
}

// Limits of a network: beyond them no client could join.
const (
	maxDelay = 2 * time.Second
	maxLoss  = 20
	minRate  = 1000
)

// networkForm says what -network accepts.
const networkForm = "want some of share=10% (of the clients; all if it is missing), delay=150ms±50ms " +
	"(one way, at most 2s; +- instead of ± will do), loss=1% (at most 20%) and rate=64KB/s (or B/s, " +
	"MB/s, at least 1KB/s)"

var delayForm = regexp.MustCompile(`^([0-9.]+[a-zµ]+)(?:(?:±|\+-)([0-9.]+[a-zµ]+))?$`)

// ParseNetwork parses a network such as share=10%,delay=150ms±50ms,loss=1%. The
// empty text is the zero value.
func ParseNetwork(list string) (n Network, err error) {
	if strings.TrimSpace(list) == "" {
		return Network{}, nil
	}
	n.Share = 100
	seen := make(map[string]bool)
	for text := range strings.SplitSeq(list, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(text), "=")
		if seen[name] {
			return Network{}, fmt.Errorf("-network: %s is given twice", name)
		}
		if err := n.set(name, strings.ReplaceAll(value, " ", "")); err != nil {
			return Network{}, fmt.Errorf("-network %q: %s", text, networkForm)
		}
		seen[name] = true
	}
	if n == (Network{Share: n.Share}) {
		return Network{}, fmt.Errorf("-network %q: want delay, loss or rate as well: without them it is not slow",
			list)
	}
	return n, nil
}

var errNetwork = errors.New("not a network")

func (n *Network) set(name, value string) (err error) {
	ok := false
	switch name {
	case "share":
		n.Share, err = strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		ok = n.Share > 0 && n.Share <= 100
	case "loss":
		n.Loss, err = strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		ok = n.Loss >= 0 && n.Loss <= maxLoss
	case "delay":
		parts := delayForm.FindStringSubmatch(value)
		if parts == nil {
			return errNetwork
		}
		if n.Delay, err = time.ParseDuration(parts[1]); err == nil && parts[2] != "" {
			n.Jitter, err = time.ParseDuration(parts[2])
		}
		ok = n.Delay >= n.Jitter && n.Delay <= maxDelay
	case "rate":
		n.Rate, err = parseRate(value)
		ok = n.Rate >= minRate
	}
	if err != nil {
		return err
	}
	if !ok {
		return errNetwork
	}
	return nil
}

func parseRate(text string) (int64, error) {
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"KB/s", 1e3}, {"kB/s", 1e3}, {"MB/s", 1e6}, {"B/s", 1}} {
		if number, ok := strings.CutSuffix(text, unit.name); ok {
			v, err := strconv.ParseFloat(number, 64)
			if err != nil || !(v >= 0 && v <= 1e9) {
				return 0, errNetwork
			}
			return int64(v * unit.bytes), nil
		}
	}
	return 0, errNetwork
}

// String formats the network as ParseNetwork reads it.
func (n Network) String() string {
	if n == (Network{}) {
		return ""
	}
	all := []string{fmt.Sprintf("share=%g%%", n.Share)}
	if n.Delay > 0 {
		text := "delay=" + n.Delay.String()
		if n.Jitter > 0 {
			text += "±" + n.Jitter.String()
		}
		all = append(all, text)
	}
	if n.Loss > 0 {
		all = append(all, fmt.Sprintf("loss=%g%%", n.Loss))
	}
	if n.Rate > 0 {
		all = append(all, fmt.Sprintf("rate=%gKB/s", float64(n.Rate)/1000))
	}
	return strings.Join(all, ",")
}

// Has reports whether it is the network of a client.
func (n Network) Has(client int) bool { return chosen(n.Share, client) }

// IsSlow reports whether a client reads slowly in the scenario slow, unless it
// publishes.
func (s *Settings) IsSlow(client int) bool { return chosen(s.Slow, client) }

// chosen reports whether a client is one of so many percent, which are spread
// evenly over the clients.
func chosen(percent float64, client int) bool {
	return int(float64(client+1)*percent/100) > int(float64(client)*percent/100)
}
