package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"livechat/load/peer"
	"livechat/load/plan"
)

// defaultTarget is the -target that needs no package of its own.
const defaultTarget = "livechat"

// targetNames returns the values of -target.
func targetNames() string {
	names := []string{defaultTarget}
	for _, t := range peer.Targets() {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// onlyLivechat are the flags that ask for what no other target has.
var onlyLivechat = []string{"mix", "zipf", "network", "file-size", "workers"}

// setTarget chooses the kind of the servers, and what follows from it: which
// flags make sense, and the address and the room if none was given.
func setTarget(s *plan.Settings, name, room string, given map[string]bool) error {
	if name == defaultTarget {
		return s.ChooseRoom(room, given["room"])
	}
	t, err := peer.ByName(name)
	if err != nil {
		return err
	}
	refused := slices.Clone(onlyLivechat)
	if !t.Rooms {
		refused = append(refused, "room", "rooms")
	}
	var faults []error
	for _, flag := range refused {
		if given[flag] {
			faults = append(faults, fmt.Errorf("-%s: not available with -target %s", flag, name))
		}
	}
	if s.Scenario.Name == "scale" {
		faults = append(faults, fmt.Errorf("-scenario scale: not available with -target %s", name))
	}
	if s.Target = name; !given["url"] {
		s.URLs = []string{t.URL}
	}
	if s.RoomName = t.Room; given["room"] {
		s.RoomName = room
	}
	return errors.Join(append(faults, checkAccounts(s))...)
}

// maxAccounts is how many accounts fit into some gigabytes of memory. Of other
// targets than livechat, each client has one for each publisher.
const maxAccounts = 10_000_000

func checkAccounts(s *plan.Settings) error {
	publishers := s.Publishers
	if publishers == 0 && s.Think > 0 {
		publishers = s.Clients
	}
	if accounts := s.Clients * publishers / max(s.Rooms, 1); accounts > maxAccounts {
		return fmt.Errorf("%d clients times %d publishers are too many to account for with -target %s: use "+
			"fewer -publishers", s.Clients, publishers, s.Target)
	}
	return nil
}
