// Command check renders deploy/kubernetes from the Helm chart in deploy/chart:
//
//	go run .         in deploy/check; `make manifests`
//
// Its tests hold what both must be, without a cluster: they render the chart by
// Helm's own engine, build the overlays by kustomize's, and decode every object
// strictly into the types of the Kubernetes API.
//
// It is a module of its own, so the product never depends on Helm or Kubernetes.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := writeManifests(); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

// writeManifests writes every rendered file of deploy/kubernetes.
func writeManifests() error {
	files, err := manifests()
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(kubernetes, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write a manifest: %w", err)
		}
	}
	return nil
}
