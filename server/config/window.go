package config

import (
	"fmt"
	"time"
)

// Window is a time in which something may be done: a duration, 0 for ever, or
// WindowOff.
type Window time.Duration

// WindowOff is the Window of what may never be done; in a setting, "off".
const WindowOff Window = -1

// UnmarshalText reads a setting.
func (w *Window) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*w = WindowOff
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q is neither a duration nor off", text)
	}
	*w = Window(d)
	return nil
}
