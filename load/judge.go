package main

import (
	"errors"
	"flag"
	"fmt"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
	"livechat/load/verdict"
)

// judge decides whether the figures of a run pass.
type judge struct {
	failIf, file, percent string // as given

	limits   verdict.Limits
	baseline *record.Run // nil: none
	worse    float64     // percent by which a figure may be worse
}

func (j *judge) flags(flags *flag.FlagSet) {
	flags.StringVar(&j.failIf, "fail-if", "", "`limits` of the run's figures, separated by commas: "+
		"'p99>200ms,reconnects>0,cpu>10us' fails the run, with exit status 3, if one of them is so. "+
		"Figures: "+verdict.Names())
	flags.StringVar(&j.file, "baseline", "", "`file` that -json wrote; the run fails, with exit status 3, "+
		"if a figure is worse by more than -worse")
	flags.StringVar(&j.percent, "worse", "10%", "baseline: `percent` by which a figure may be worse")
}

// read parses the limits and reads the baseline.
func (j *judge) read() error {
	var err, bad error
	if j.limits, err = verdict.Parse(j.failIf); err != nil {
		err = fmt.Errorf("-fail-if: %w", err)
	}
	if j.worse, bad = verdict.ParsePercent(j.percent); bad != nil {
		err = errors.Join(err, fmt.Errorf("-worse %w", bad))
	}
	if j.file == "" {
		return err
	}
	if j.baseline, bad = record.Read(j.file); bad != nil {
		err = errors.Join(err, fmt.Errorf("-baseline: %w", bad))
	}
	return err
}

// check returns an error if the baseline is of another load.
func (j *judge) check(s *plan.Settings) error {
	if j.baseline == nil {
		return nil
	}
	publishers := s.Publishers
	if publishers == 0 {
		publishers = s.Clients // matters with a think time, and then it is so
	}
	now := run.Recorded(s, publishers)
	if err := verdict.Comparable(&j.baseline.Settings, &now); err != nil {
		return fmt.Errorf("-baseline %s is of another load:\n%w", j.file, err)
	}
	return nil
}

// judge records what became of the limits and the comparison.
func (j *judge) judge(r *record.Run) {
	j.limits.Judge(r)
	if j.baseline != nil {
		verdict.Compare(r, j.baseline, j.file, j.worse)
	}
}
