package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// renamed maps the settings of earlier versions to their names today. A setting
// that is still in the environment under its old name ends the start: ignoring
// it would run the server with a default that the operator did not choose.
var renamed = map[string]string{
	"FEED_TIMEOUT": "SUBSCRIPTION_TIMEOUT",
}

// refuseRenamed returns an error with a line for each setting that environ has
// under an old name. An empty value is the same as none.
func refuseRenamed(environ map[string]string) error {
	var bad []error
	for _, old := range slices.Sorted(maps.Keys(renamed)) {
		if value := environ[old]; value != "" {
			bad = append(bad, fmt.Errorf("%s was renamed: set %s=%s instead", old, renamed[old], value))
		}
	}
	return errors.Join(bad...)
}
