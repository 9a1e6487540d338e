package watch

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"livechat/load/run"
)

// metricsPage is a program that serves Prometheus metrics.
type metricsPage struct {
	url, name string
	client    *http.Client
}

func newPage(address string) (metricsPage, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return metricsPage{}, fmt.Errorf("-metrics %q: want http://host:port/metrics", address)
	}
	return metricsPage{url: address, name: u.Host, client: &http.Client{Timeout: 500 * time.Millisecond}}, nil
}

// firstTime is how long a page may take when it is read before the run.
const firstTime = 5 * time.Second

// check reports whether the page is there. In the run one that is not there has
// no figures, which nobody would notice until the end.
func (p metricsPage) check() error {
	p.client = &http.Client{Timeout: firstTime}
	_, err := p.usage()
	return err
}

// usage reads the two figures that every Prometheus client exports.
func (p metricsPage) usage() (u run.Usage, err error) {
	answer, err := p.client.Get(p.url)
	if err != nil {
		return u, fmt.Errorf("read metrics: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return u, fmt.Errorf("read metrics of %s: %s", p.url, answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_cpu_seconds_total":
			u.CPU = time.Duration(value * float64(time.Second))
		case "process_resident_memory_bytes":
			u.Memory = int64(value)
		}
	}
	return u, lines.Err()
}
