package plan

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Stage is a point of a run at which it has that many clients, which send that
// many messages a second in all. Between two points both change evenly. Two
// points at the same time are a jump.
type Stage struct {
	At      time.Duration // after the warm-up
	Clients int
	Rate    float64
}

// String formats the stage as ParseStages reads it.
func (s Stage) String() string {
	return fmt.Sprintf("%s:%dc/%sr", shortTime(s.At), s.Clients, strconv.FormatFloat(s.Rate, 'f', -1, 64))
}

// shortTime formats 1m0s as 1m.
func shortTime(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Stages are the points of a run, by time. Before the first one, in the warm-up,
// and after the last one the run is as they say.
type Stages []Stage

// String formats the stages as ParseStages reads them.
func (all Stages) String() string {
	var texts []string
	for _, s := range all {
		texts = append(texts, s.String())
	}
	return strings.Join(texts, ",")
}

var stageForm = regexp.MustCompile(`^([^:]+):(?:(\d+)c)?(/|)(?:(\d+(?:\.\d+)?)r)?$`)

// ParseStages parses points such as 0s:0c/0r,30s:1000c/20r. It returns whether
// they say the number of clients and the rate; each is in all points or in none.
func ParseStages(list string) (all Stages, clients, rate bool, err error) {
	for i, text := range strings.Split(list, ",") {
		s, hasClients, hasRate, err := parseStage(strings.TrimSpace(text))
		if err != nil {
			return nil, false, false, err
		}
		if i > 0 && (hasClients != clients || hasRate != rate) {
			return nil, false, false, fmt.Errorf("stage %s: want clients in all stages or in none, "+
				"and the same for rates", text)
		}
		all, clients, rate = append(all, s), hasClients, hasRate
	}
	return all, clients, rate, nil
}

func parseStage(text string) (s Stage, clients, rate bool, err error) {
	fault := fmt.Errorf("stage %q: want a time, clients and messages a second, such as 30s:1000c/20r, "+
		"30s:1000c or 30s:20r", text)
	parts := stageForm.FindStringSubmatch(text)
	if parts == nil {
		return s, false, false, fault
	}
	clients, rate = parts[2] != "", parts[4] != ""
	if !clients && !rate || (clients && rate) != (parts[3] != "") {
		return s, false, false, fault
	}
	if s.At, err = time.ParseDuration(parts[1]); err != nil {
		return s, false, false, fault
	}
	if s.Clients, err = strconv.Atoi(cmp.Or(parts[2], "0")); err != nil {
		return s, false, false, fault
	}
	if s.Rate, err = strconv.ParseFloat(cmp.Or(parts[4], "0"), 64); err != nil {
		return s, false, false, fault
	}
	return s, clients, rate, nil
}

// SetStages makes the run follow stages. What they do not say, clients or rate,
// remains as it is. Whether they are valid is up to Check.
func (s *Settings) SetStages(all Stages, clients, rate bool) {
	for i := range all {
		if !clients {
			all[i].Clients = s.Clients
		}
		if !rate {
			all[i].Rate = s.Rate
		}
	}
	s.Stages, s.Clients, s.Rate = all, 0, 0
	for _, one := range all {
		s.Clients, s.Rate = max(s.Clients, one.Clients), max(s.Rate, one.Rate)
	}
}

// checkStages returns all errors in the stages.
func (s *Settings) checkStages() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("-stages: "+format, args...))
		}
	}
	if len(s.Stages) == 0 {
		return nil
	}
	fault(s.Stages[0].At != 0, "the first is at %s, want 0s", s.Stages[0].At)
	for i, one := range s.Stages {
		fault(i > 0 && one.At < s.Stages[i-1].At, "%s comes after a later one", one)
		fault(one.Clients == 0 && one.Rate > 0, "%s has messages, but no clients that could send them", one)
	}
	fault(s.Think > 0, "the rate is theirs, so leave out -think")
	fault(s.Scenario.Steps != nil, "the rate is theirs, so leave out -scenario %s", s.Scenario.Name)
	return errors.Join(faults...)
}

// at returns how many clients and messages a second there are at a time.
func (all Stages) at(t time.Duration) (clients, rate float64) {
	i := len(all) - 1
	for i > 0 && all[i].At > t {
		i--
	}
	one := all[i]
	if t <= one.At || i == len(all)-1 {
		return float64(one.Clients), one.Rate
	}
	next := all[i+1]
	share := float64(t-one.At) / float64(next.At-one.At)
	return float64(one.Clients) + share*float64(next.Clients-one.Clients),
		one.Rate + share*(next.Rate-one.Rate)
}

// ClientsAt returns how many clients there are at a time after the warm-up,
// which begins before 0: the first ones, by number.
func (s *Settings) ClientsAt(t time.Duration) int {
	if len(s.Stages) == 0 {
		return s.Clients
	}
	clients, _ := s.Stages.at(t)
	return int(math.Round(clients))
}

// fewest returns the smallest number of clients from one time to another.
func (all Stages) fewest(from, to time.Duration) float64 {
	least, _ := all.at(from)
	last, _ := all.at(to)
	least = min(least, last)
	for _, s := range all {
		if s.At >= from && s.At <= to {
			least = min(least, float64(s.Clients))
		}
	}
	return least
}
