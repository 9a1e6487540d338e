package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Folders, relative to this module's.
const (
	chart      = "../chart"
	kubernetes = "../kubernetes"
)

// release is the name of the installation that deploy/kubernetes shows.
const release = "livechat"

// header begins every rendered file.
const header = "# Rendered from deploy/chart by `make manifests`: change that, not this.\n"

// sets says which files of deploy/kubernetes are which templates of the chart,
// and with which values, a file in testdata. The overlays add files to the base,
// and change it by patches to what the chart makes of these values.
var sets = []struct {
	folder, values string
	templates      []string
}{
	{"base", "", []string{"ws.yaml", "api.yaml", "page.yaml", "ingress.yaml", "networkpolicy.yaml"}},
	{"overlays/try", "try.yaml", []string{"try.yaml"}},
	{"overlays/production", "production.yaml", []string{"autoscaling.yaml", "servicemonitor.yaml"}},
}

// manifests returns the rendered files by their paths in deploy/kubernetes.
func manifests() (map[string]string, error) {
	files := map[string]string{}
	for _, set := range sets {
		values, err := readValues(set.values)
		if err != nil {
			return nil, err
		}
		rendered, err := render(release, values)
		if err != nil {
			return nil, err
		}
		for _, name := range set.templates {
			files[path.Join(set.folder, name)] = header + tidy(rendered[name])
		}
	}
	return files, nil
}

// readValues reads a file of values in testdata; "" stands for the chart's
// defaults.
func readValues(name string) (values map[string]any, err error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("read values of %s: %w", name, err)
	}
	return values, nil
}

// render does what `helm template NAME deploy/chart` does. It returns the output
// of each template by the name of its file; helpers and disabled templates have
// none.
func render(name string, values map[string]any) (map[string]string, error) {
	c, err := loader.Load(chart)
	if err != nil {
		return nil, fmt.Errorf("load the chart: %w", err)
	}
	all, err := chartutil.ToRenderValues(c, values,
		chartutil.ReleaseOptions{Name: name, Namespace: "default", Revision: 1, IsInstall: true},
		chartutil.DefaultCapabilities)
	if err != nil {
		return nil, fmt.Errorf("check the values: %w", err)
	}
	rendered, err := engine.Engine{Strict: true}.Render(c, all)
	if err != nil {
		return nil, fmt.Errorf("render the chart: %w", err)
	}
	outputs := map[string]string{}
	for file, text := range rendered {
		if strings.TrimSpace(text) != "" && path.Ext(file) != ".tpl" {
			outputs[path.Base(file)] = text
		}
	}
	return outputs, nil
}

// tidy removes the white space that templates leave.
func tidy(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
