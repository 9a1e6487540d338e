package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// decoder knows the types of the API that are used here, and refuses a field that
// they do not have, or one that is given twice.
var decoder = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, core.AddToScheme, monitoring.AddToScheme,
		networking.AddToScheme, policy.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err) // two packages claim one kind
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}()

// objects are what a user would apply, by kind and name.
type objects map[string]runtime.Object

var separator = regexp.MustCompile(`(?m)^---\n`)

// decode reads objects out of YAML documents.
func decode(text string) (objects, error) {
	all := objects{}
	for _, document := range separator.Split(text, -1) {
		if !regexp.MustCompile(`(?m)^[a-zA-Z]`).MatchString(document) {
			continue // comments alone
		}
		object, kind, err := decoder.Decode([]byte(document), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w, in\n%.200s", err, document)
		}
		named, err := meta.Accessor(object)
		if err != nil {
			return nil, err
		}
		id := kind.Kind + "/" + named.GetName()
		if all[id] != nil {
			return nil, fmt.Errorf("%s is given twice", id)
		}
		all[id] = object
	}
	return all, nil
}

// ofChart renders the chart and decodes the result.
func ofChart(name string, values map[string]any) (objects, error) {
	rendered, err := render(name, values)
	if err != nil {
		return nil, err
	}
	delete(rendered, "NOTES.txt")
	text := slices.Sorted(maps.Values(rendered))
	return decode(strings.Join(text, "\n---\n"))
}

// ofKustomize does what `kubectl kustomize FOLDER` does, and decodes the result.
func ofKustomize(folder string) (objects, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).
		Run(filesys.MakeFsOnDisk(), filepath.Join(kubernetes, folder))
	if err != nil {
		return nil, err
	}
	text, err := built.AsYaml()
	if err != nil {
		return nil, err
	}
	return decode(string(text))
}

// find returns the objects of a type, in the order of their names.
func find[T runtime.Object](all objects) (some []T) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if object, ok := all[id].(T); ok {
			some = append(some, object)
		}
	}
	return some
}

// variants are all that is checked: the chart with several values, and the
// overlays.
func variants(t *testing.T) map[string]objects {
	t.Helper()
	all := map[string]objects{}
	for name, values := range valueSets(t) {
		made, err := ofChart(release, values)
		if err != nil {
			t.Fatalf("chart, %s: %v", name, err)
		}
		all["chart, "+name] = made
	}
	for _, set := range sets {
		made, err := ofKustomize(set.folder)
		if err != nil {
			t.Fatalf("%s: %v", set.folder, err)
		}
		all[set.folder] = made
	}
	return all
}

// valueSets are values as users could give them.
func valueSets(t *testing.T) map[string]map[string]any {
	t.Helper()
	type m = map[string]any
	all := map[string]m{
		"a bucket, slow drain": {
			"files":  m{"url": "s3://livechat?region=eu-central-1"},
			"secret": m{"settings": []any{"REDIS_URL", "DATABASE_URL", "FILES_S3_KEY", "FILES_S3_SECRET"}},
			"drain":  m{"delaySeconds": 30, "periodSeconds": 120},
			"api":    m{"settings": m{"ADMIN": "ann"}},
		},
		"a volume, own settings": {
			"files":    m{"claim": "livechat-files"},
			"settings": m{"ROOMS": "made", "LOG_LEVEL": "debug", "TRUSTED_PROXIES": nil},
			"ws":       m{"settings": m{"MAX_CONNECTIONS": "20000"}, "replicas": 8},
			"images":   m{"pullSecrets": []any{"ghcr"}, "pullPolicy": "Always"},
			"tolerations": []any{
				m{"key": "chat", "operator": "Exists", "effect": "NoSchedule"},
			},
			"nodeSelector": m{"kubernetes.io/arch": "amd64"},
		},
		"no Ingress, no policies": {
			"ingress": m{"enabled": false}, "networkPolicy": m{"enabled": false},
			"serviceMonitor": m{"enabled": true, "labels": m{"release": "prometheus"}},
		},
		"another port": {"ingress": m{"port": 8443}},
	}
	for _, set := range sets {
		values, err := readValues(set.values)
		if err != nil {
			t.Fatal(err)
		}
		all["as "+set.folder] = values
	}
	return all
}
