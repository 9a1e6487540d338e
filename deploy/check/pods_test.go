package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// A server has the time for its drain, and 10 s to end after it (grace in
// server/main.go). A new pod is ready before an old one stops.
func TestUpdateBreaksNothing(t *testing.T) {
	const end = 10 * time.Second
	each(t, func(t *testing.T, all objects) {
		for _, d := range servers(t, all) {
			delay, err := time.ParseDuration(setting(d, "DRAIN_DELAY"))
			if err != nil {
				t.Fatal(err)
			}
			period, err := time.ParseDuration(setting(d, "DRAIN_PERIOD"))
			if err != nil {
				t.Fatal(err)
			}
			grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
			if grace <= delay+period+end {
				t.Errorf("%s is killed after %s, and drains for %s and %s", d.Name, grace, delay, period)
			}
			if app := d.Spec.Template.Spec.Containers[0].Env[0]; app.Name != "APPID" ||
				app.ValueFrom.FieldRef.FieldPath != "metadata.name" {
				t.Errorf("%s: the name of a server is not that of its pod", d.Name)
			}
		}
		for _, d := range find[*apps.Deployment](all) {
			if d.Spec.Strategy.Type == apps.RecreateDeploymentStrategyType {
				continue // those for trying out
			}
			update := d.Spec.Strategy.RollingUpdate
			if update.MaxUnavailable.IntValue() != 0 || update.MaxSurge.IntValue() != 1 {
				t.Errorf("%s is updated by %v", d.Name, update)
			}
		}
	})
}

// Secrets come by files, from the Secret that is mounted where the settings say.
func TestSecretsAreFiles(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, d := range servers(t, all) {
			container := d.Spec.Template.Spec.Containers[0]
			if setting(d, "REDIS_URL_FILE") == "" || setting(d, "DATABASE_URL_FILE") == "" {
				t.Errorf("%s has no Redis, or no database", d.Name)
			}
			for _, v := range container.Env {
				if !strings.HasSuffix(v.Name, "_FILE") || v.Name == "MAX_FILE" {
					continue
				}
				if strings.HasPrefix(v.Name, "FILES_") && setting(d, "ROLE") != "api" {
					t.Errorf("%s reads %s, which only the API needs", d.Name, v.Name)
				}
				mounted := container.VolumeMounts[0].MountPath
				if v.Value != mounted+"/"+strings.TrimSuffix(v.Name, "_FILE") {
					t.Errorf("%s: %s is %s", d.Name, v.Name, v.Value)
				}
			}
		}
	})
}

// Probes ask for a port that the container names and a path that the program has.
// No pod is restarted or taken out of service because Redis does not answer.
func TestProbes(t *testing.T) {
	paths := map[string][]string{
		"server": names(t, "server/web/web.go", `route\("([^"]+)"`),
		"nginx":  names(t, "docker/nginx/livechat.conf.template", `location = (\S+)`),
	}
	each(t, func(t *testing.T, all objects) {
		for _, d := range find[*apps.Deployment](all) {
			c := d.Spec.Template.Spec.Containers[0]
			if c.ReadinessProbe == nil {
				t.Errorf("%s has no readiness probe", d.Name)
			}
			for _, probe := range []*core.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
				if probe == nil || probe.HTTPGet == nil {
					continue
				}
				path, query, _ := strings.Cut(probe.HTTPGet.Path, "?")
				if !slices.Contains(paths[c.Name], path) {
					t.Errorf("%s: %s has no %s", d.Name, c.Name, path)
				}
				if path == "/readyz" && query != "scope=self" {
					t.Errorf("%s: an outage of Redis would take all pods out", d.Name)
				}
				if port(c, probe.HTTPGet.Port.StrVal) == nil {
					t.Errorf("%s has no port %s", d.Name, probe.HTTPGet.Port.StrVal)
				}
			}
		}
	})
}

// Nobody is root, nothing is written but to volumes, and a pod that takes more
// memory than it asked for has an end.
func TestPodsAreHardened(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, d := range find[*apps.Deployment](all) {
			pod := d.Spec.Template.Spec
			if s := pod.SecurityContext; !*s.RunAsNonRoot || *s.RunAsUser == 0 ||
				s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault ||
				*pod.AutomountServiceAccountToken || *pod.EnableServiceLinks {
				t.Errorf("%s: %+v", d.Name, s)
			}
			c := pod.Containers[0]
			if s := c.SecurityContext; !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation ||
				!slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
				t.Errorf("%s: %+v", d.Name, s)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() ||
				c.Resources.Limits.Memory().Cmp(*c.Resources.Requests.Memory()) < 0 {
				t.Errorf("%s: %+v", d.Name, c.Resources)
			}
			if len(pod.TopologySpreadConstraints) != 2 {
				t.Errorf("%s is not spread", d.Name)
			}
		}
	})
}
