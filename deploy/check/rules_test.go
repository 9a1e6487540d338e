package main

import (
	"os"
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
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// each calls a check for every variant.
func each(t *testing.T, check func(t *testing.T, all objects)) {
	for name, all := range variants(t) {
		t.Run(name, func(t *testing.T) { check(t, all) })
	}
}

// names returns what a pattern finds in a file of the repository.
func names(t *testing.T, path, pattern string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		all = append(all, match[1])
	}
	if len(all) < 2 {
		t.Fatalf("%s names only %q", path, all)
	}
	return all
}

// Every variable is a setting of the program in the image, and none is set twice.
// A test of the server compares the table with what it reads.
func TestEnvironmentIsSettings(t *testing.T) {
	known := map[string][]string{
		"server": names(t, "docs/configuration.md", "(?m)^\\| `([A-Z][A-Z0-9_]*)` \\|"),
		"nginx":  names(t, "docker/nginx/livechat.conf.template", `\$\{([A-Z_]+)\}`),
		"postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD",
			"PGDATA"}, // of the official image
	}
	each(t, func(t *testing.T, all objects) {
		for _, d := range find[*apps.Deployment](all) {
			for _, c := range d.Spec.Template.Spec.Containers {
				seen := map[string]bool{}
				for _, v := range c.Env {
					if !slices.Contains(known[c.Name], v.Name) {
						t.Errorf("%s: %s is no setting of %s", d.Name, v.Name, c.Name)
					}
					if seen[v.Name] {
						t.Errorf("%s: %s is set twice", d.Name, v.Name)
					}
					seen[v.Name] = true
				}
			}
		}
	})
}

// servers returns the Deployments of servers; both kinds are always there.
func servers(t *testing.T, all objects) []*apps.Deployment {
	t.Helper()
	some := []*apps.Deployment{}
	for _, d := range find[*apps.Deployment](all) {
		if d.Spec.Template.Spec.Containers[0].Name == "server" {
			some = append(some, d)
		}
	}
	if len(some) != 2 {
		t.Fatalf("%d Deployments of servers, want ws and api", len(some))
	}
	return some
}

func setting(d *apps.Deployment, name string) string {
	for _, v := range d.Spec.Template.Spec.Containers[0].Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

func port(c core.Container, name string) *core.ContainerPort {
	for i := range c.Ports {
		if c.Ports[i].Name == name {
			return &c.Ports[i]
		}
	}
	return nil
}

// selected returns the Deployment whose pods a selector finds: exactly one.
func selected(t *testing.T, all objects, id string, selector map[string]string) *apps.Deployment {
	t.Helper()
	var found []*apps.Deployment
	for _, d := range find[*apps.Deployment](all) {
		if labels.SelectorFromSet(selector).Matches(labels.Set(d.Spec.Template.Labels)) {
			found = append(found, d)
		}
	}
	if len(selector) == 0 || len(found) != 1 {
		t.Fatalf("%s selects the pods of %d Deployments", id, len(found))
	}
	return found[0]
}

// Whatever selects pods finds those of its own Deployment, and the ports that it
// names are there.
func TestSelectors(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		services := map[string]*core.Service{}
		ported := func(id string, d *apps.Deployment, name string) {
			if port(d.Spec.Template.Spec.Containers[0], name) == nil {
				t.Errorf("%s names the port %s, which the pods of %s lack", id, name, d.Name)
			}
		}
		for _, d := range find[*apps.Deployment](all) {
			if selected(t, all, d.Name, d.Spec.Selector.MatchLabels) != d {
				t.Errorf("%s selects others", d.Name)
			}
			for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
				if selected(t, all, d.Name, c.LabelSelector.MatchLabels) != d {
					t.Errorf("%s is spread by the pods of others", d.Name)
				}
			}
		}
		for _, s := range find[*core.Service](all) {
			services[s.Name] = s
			d := selected(t, all, "Service "+s.Name, s.Spec.Selector)
			if d.Name != s.Name {
				t.Errorf("Service %s selects %s", s.Name, d.Name)
			}
			for _, p := range s.Spec.Ports {
				ported(s.Name, d, p.TargetPort.StrVal)
			}
		}
		for _, b := range find[*policy.PodDisruptionBudget](all) {
			if selected(t, all, b.Name, b.Spec.Selector.MatchLabels).Name != b.Name ||
				b.Spec.MaxUnavailable.IntValue() != 1 {
				t.Errorf("budget %s: %+v", b.Name, b.Spec)
			}
		}
		for _, p := range find[*networking.NetworkPolicy](all) {
			d := selected(t, all, p.Name, p.Spec.PodSelector.MatchLabels)
			for _, rule := range p.Spec.Ingress {
				ported(p.Name, d, rule.Ports[0].Port.StrVal)
			}
		}
		for _, m := range find[*monitoring.ServiceMonitor](all) {
			s := services[m.Name]
			if s == nil || !matches(m.Spec.Selector, s.Labels) {
				t.Fatalf("ServiceMonitor %s selects no Service of its name", m.Name)
			}
			for _, e := range m.Spec.Endpoints {
				ported(m.Name, selected(t, all, s.Name, s.Spec.Selector), e.Port)
			}
		}
	})
}

func matches(selector meta.LabelSelector, set map[string]string) bool {
	return labels.SelectorFromSet(selector.MatchLabels).Matches(labels.Set(set))
}

// Each path of the Ingress leads to a port of a Service, those of WebSockets to
// what the servers serve; and the page knows the port at which browsers are.
func TestIngress(t *testing.T) {
	routes := append(names(t, "server/web/web.go", `route\("([^"]+)"`), "/rooms")
	seen := 0
	each(t, func(t *testing.T, all objects) {
		ingresses := find[*networking.Ingress](all)
		for _, i := range ingresses {
			for _, p := range i.Spec.Rules[0].HTTP.Paths {
				seen++
				s, _ := all["Service/"+p.Backend.Service.Name].(*core.Service)
				if s == nil || s.Spec.Ports[0].Name != p.Backend.Service.Port.Name {
					t.Errorf("%s leads to %+v", p.Path, p.Backend.Service)
				}
				if strings.HasSuffix(p.Backend.Service.Name, "-ws") && !slices.Contains(routes, p.Path) {
					t.Errorf("the servers have no %s", p.Path)
				}
			}
		}
		if len(ingresses) == 0 {
			return
		}
		tls := len(ingresses[0].Spec.TLS) > 0
		for _, d := range servers(t, all) {
			if secure := setting(d, "SECURE_COOKIES") == "true"; secure != tls {
				t.Errorf("TLS is %v, secure cookies of %s are %v", tls, d.Name, secure)
			}
		}
		want := "80"
		if tls {
			want = "443"
		}
		page := all["Deployment/"+release+"-page"].(*apps.Deployment)
		if got := setting(page, "SOCKET_PORT"); got != want && got != "8443" {
			t.Errorf("the page opens its WebSocket at %s, want %s", got, want)
		}
	})
	if seen == 0 {
		t.Error("no Ingress was found")
	}
}

// The autoscaler looks at a metric that the servers have, and nothing else sets
// the number of pods.
func TestAutoscaling(t *testing.T) {
	known := names(t, "docker/observe/rules.yml", `\b(livechat_\w+)`)
	seen := 0
	each(t, func(t *testing.T, all objects) {
		scalers := find[*autoscaling.HorizontalPodAutoscaler](all)
		for _, s := range scalers {
			seen++
			if name := s.Spec.Metrics[0].Pods.Metric.Name; !slices.Contains(known, name) {
				t.Errorf("no server has the metric %s", name)
			}
			if *s.Spec.MinReplicas > s.Spec.MaxReplicas {
				t.Errorf("%d to %d pods", *s.Spec.MinReplicas, s.Spec.MaxReplicas)
			}
			target, ok := all[s.Spec.ScaleTargetRef.Kind+"/"+s.Spec.ScaleTargetRef.Name].(*apps.Deployment)
			if !ok || target.Spec.Replicas != nil {
				t.Errorf("%s scales %+v", s.Name, s.Spec.ScaleTargetRef)
			}
		}
	})
	if seen == 0 {
		t.Error("no autoscaler was found")
	}
}
