package faults

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"livechat/server/config"
)

// deployment is what matters here of a Deployment in deploy/kubernetes. That it
// is one of Kubernetes is tested in deploy/check.
type deployment struct {
	Kind string
	Spec struct {
		Replicas        int
		MinReadySeconds int `yaml:"minReadySeconds"`
		Strategy        struct {
			RollingUpdate struct {
				MaxSurge       int `yaml:"maxSurge"`
				MaxUnavailable int `yaml:"maxUnavailable"`
			} `yaml:"rollingUpdate"`
		}
		Template struct {
			Spec struct {
				GraceSeconds int `yaml:"terminationGracePeriodSeconds"`
				Containers   []struct {
					Env            []struct{ Name, Value string }
					ReadinessProbe struct {
						HTTPGet struct{ Path string } `yaml:"httpGet"`
					} `yaml:"readinessProbe"`
				}
			}
		}
	}
}

// readDeployment returns the Deployment in a file of deploy/kubernetes/base.
func readDeployment(t *testing.T, name string) deployment {
	t.Helper()
	f, err := os.Open(filepath.Join("../../deploy/kubernetes/base", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := yaml.NewDecoder(f); ; {
		var object deployment
		if err := d.Decode(&object); errors.Is(err, io.EOF) {
			t.Fatalf("%s has no Deployment", name)
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if object.Kind == "Deployment" {
			return object
		}
	}
}

// environment returns the variables of its servers but those that Kubernetes
// fills in.
func (d deployment) environment() map[string]string {
	all := map[string]string{}
	for _, v := range d.Spec.Template.Spec.Containers[0].Env {
		if v.Value != "" {
			all[v.Name] = v.Value
		}
	}
	return all
}

// probe returns the path by which Kubernetes asks whether a pod is ready.
func (d deployment) probe() string {
	return d.Spec.Template.Spec.Containers[0].ReadinessProbe.HTTPGet.Path
}

// grace is the time from SIGTERM to SIGKILL.
func (d deployment) grace() time.Duration {
	return time.Duration(d.Spec.Template.Spec.GraceSeconds) * time.Second
}

// The servers start with the variables of the manifests, once the Secret is
// there.
func TestServersAcceptTheManifests(t *testing.T) {
	secrets := map[string]string{
		"REDIS_URL": "redis://redis:6379", "DATABASE_URL": "postgres://livechat:x@db/livechat",
		"ADDRESS_SECRET": "sixteen characters",
	}
	for name, role := range map[string]string{"ws.yaml": config.RoleWS, "api.yaml": config.RoleAPI} {
		d := readDeployment(t, name)
		environ := d.environment()
		for variable, path := range maps.Clone(environ) {
			key, isSecret := strings.CutSuffix(variable, "_FILE")
			if !isSecret || secrets[key] == "" {
				continue
			}
			environ[variable] = filepath.Join(t.TempDir(), filepath.Base(path))
			if err := os.WriteFile(environ[variable], []byte(secrets[key]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		environ["APPID"] = "livechat-" + role + "-7d9c6b5f4d-x2x2x" // the name of a pod
		cfg, err := config.Load(environ)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if cfg.Server.Role != role || cfg.Redis.URL != secrets["REDIS_URL"] ||
			cfg.Drain.Delay+cfg.Drain.Period >= d.grace() {
			t.Errorf("%s: %+v %+v %+v, killed after %s", name, cfg.Server, cfg.Redis, cfg.Drain, d.grace())
		}
	}
}
