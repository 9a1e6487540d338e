package main

import (
	"flag"
	"fmt"
	"slices"

	"livechat/load/experiment"
	"livechat/load/plan"
	"livechat/load/record"
)

// experimentFile is the file that a run follows.
type experimentFile struct {
	file string // empty: none
	read *experiment.Experiment
}

// notSettings are the flags that an experiment cannot set, because they are no
// settings of a run or have a section of their own.
var notSettings = []string{"experiment", "compare", "stages", "fail-if"}

// apply reads the file and sets the flags that it has values for, unless they
// are given on the command line, and adds them to given.
func (f *experimentFile) apply(flags *flag.FlagSet, given map[string]bool, s *plan.Settings) error {
	var accepted []string
	flags.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(notSettings, f.Name) {
			accepted = append(accepted, f.Name)
		}
	})
	var err error
	if f.read, err = experiment.Read(f.file, accepted); err != nil {
		return err
	}
	own := given["stages"] // then the number of clients and the rate are theirs
	for _, one := range f.read.Settings {
		if given[one.Name] || own && (one.Name == "clients" || one.Name == "rate") {
			continue
		}
		if err := flags.Set(one.Name, one.Value); err != nil {
			return fmt.Errorf("%s: %s: %w", one.Place, one.Name, err)
		}
		given[one.Name] = true
	}
	for name, value := range map[string]string{"stages": f.read.Stages, "fail-if": f.read.Limits} {
		if value == "" || given[name] {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("%s: %s: %w", f.file, name, err)
		}
	}
	s.Commands = f.read.Commands
	return nil
}

// record adds the experiment to the result of the run.
func (f *experimentFile) record(r *record.Run) {
	if f.read == nil {
		return
	}
	e := &record.Experiment{File: f.file, About: f.read.About}
	for _, c := range f.read.Commands {
		e.Commands = append(e.Commands, record.Command{At: c.At.Seconds(), Run: c.Run, For: c.For.Seconds(),
			Then: c.Then})
	}
	r.Settings.Experiment = e
}
