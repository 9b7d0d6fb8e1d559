package k3s

// The list of programs that k3s starts. K3s has them compiled in; here the lab writes their command lines
// to /usr/local/lib/fairlead-lab/k3s-components.json, because it also makes their certificates and
// kubeconfigs. The structs below are the schema; unknown fields are errors.
//
//	{ "components": [ {
//	    "name": "kubelet",              unique, ^[a-z][a-z0-9-]*$
//	    "role": "server" | "node",      server: only in `k3s server`; node: there and in `k3s agent`
//	    "argv": ["/path/kubelet", …],   placeholders below
//	    "env": {"NAME": "value"},       on top of k3s' own environment
//	    "ready": {"url": …, "ca"?, "cert"?, "key"?} | {"unix": path} | {"file": path},
//	    "after": ["containerd"],        started once these are ready
//	    "argsKey": "kubelet-arg",       config key whose values become extra --name=value arguments
//	    "onlyWhen": "flannel" | "kube-proxy",
//	    "stopSignal": "SIGTERM" | "SIGKILL"
//	  } ],
//	  "tools": {"kubectl"?: path, "ctr"?: path, "etcdctl"?: path, "crictl"?: path} }
//
// Placeholders in argv, env values and ready: ${cluster-cidr} ${service-cidr} ${cluster-dns}
// ${cluster-domain} ${node-ip} ${node-name} ${flannel-iface}.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

type Component struct {
	Name  string            `json:"name"`
	Role  string            `json:"role"`
	Argv  []string          `json:"argv"`
	Env   map[string]string `json:"env"`
	Ready *Ready            `json:"ready"`
	// StartWhen holds the component back until a condition holds: K3s starts Flannel only once the node has a podCIDR.
	StartWhen  *Ready   `json:"startWhen"`
	After      []string `json:"after"`
	ArgsKey    string   `json:"argsKey"`
	OnlyWhen   string   `json:"onlyWhen"`
	StopSignal string   `json:"stopSignal"`
}

// Ready is one way to see that a component serves.
type Ready struct {
	URL  string `json:"url"`
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	// CRI is the socket of a container runtime.
	CRI  string `json:"cri"`
	File string `json:"file"`
	// Contains is what the URL's answer must hold, beyond being a 2xx.
	Contains string `json:"contains"`
}

func (r *Ready) fill(fill func(string) string) *Ready {
	if r == nil {
		return nil
	}
	return &Ready{URL: fill(r.URL), CA: fill(r.CA), Cert: fill(r.Cert), Key: fill(r.Key), CRI: fill(r.CRI), File: fill(r.File), Contains: r.Contains}
}

func (r *Ready) validate(field string) error {
	ways := 0
	for _, way := range []string{r.URL, r.CRI, r.File} {
		if way != "" {
			ways++
		}
	}
	if ways != 1 {
		return fmt.Errorf("%s: expected exactly one of url, cri, file", field)
	}
	if (r.Cert == "") != (r.Key == "") || (r.URL == "" && r.CA+r.Cert+r.Contains != "") {
		return fmt.Errorf("%s: cert and key belong together, and like ca and contains to a url", field)
	}
	return nil
}

type componentFile struct {
	Components []Component       `json:"components"`
	Tools      map[string]string `json:"tools"`
}

// stop is the signal that ends the component. Flannel is killed: flanneld removes its masquerade chain on
// SIGTERM, whereas K3s' Flannel, a part of the K3s process, leaves everything as it is.
func (c Component) stop() syscall.Signal {
	if c.StopSignal == "SIGKILL" || (c.StopSignal == "" && c.OnlyWhen == "flannel") {
		return syscall.SIGKILL
	}
	return syscall.SIGTERM
}

var (
	componentName  = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	placeholder    = regexp.MustCompile(`\$\{([^}]*)\}`)
	placeholders   = []string{"cluster-cidr", "service-cidr", "cluster-dns", "cluster-domain", "node-ip", "node-name", "flannel-iface"}
	argumentKeys   = []string{"etcd-arg", "kube-apiserver-arg", "kube-controller-manager-arg", "kube-scheduler-arg", "kubelet-arg", "kube-proxy-arg"}
	knownTools     = []string{"kubectl", "ctr", "etcdctl", "crictl"}
	stopSignals    = []string{"", "SIGTERM", "SIGKILL"}
	conditionNames = []string{"", "flannel", "kube-proxy"}
)

// loadComponents reads and validates the file; errors name the entry.
func loadComponents(path string) (*componentFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("component list of the lab: %w", err)
	}
	var file componentFile
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := file.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &file, nil
}

func (f *componentFile) validate() error {
	if len(f.Components) == 0 {
		return fmt.Errorf("components: expected at least one entry")
	}
	names := map[string]bool{}
	for i, c := range f.Components {
		where := fmt.Sprintf("components[%d] (%s)", i, c.Name)
		if !componentName.MatchString(c.Name) {
			return fmt.Errorf("%s: name: expected lower-case letters, digits and dashes", where)
		}
		if names[c.Name] {
			return fmt.Errorf("%s: name: given twice", where)
		}
		names[c.Name] = true
		if err := c.validate(); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, c := range f.Components {
		for _, before := range c.After {
			if !names[before] {
				return fmt.Errorf("components[%d] (%s): after: no component is called %q", i, c.Name, before)
			}
		}
	}
	for name := range f.Tools {
		if !slices.Contains(knownTools, name) {
			return fmt.Errorf("tools: %q: expected one of %s", name, strings.Join(knownTools, ", "))
		}
	}
	_, err := depths(f.Components)
	return err
}

func (c Component) validate() error {
	if c.Role != "server" && c.Role != "node" {
		return fmt.Errorf(`role: expected "server" or "node", found %q`, c.Role)
	}
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return fmt.Errorf("argv: expected a program and its arguments")
	}
	if c.ArgsKey != "" && !slices.Contains(argumentKeys, c.ArgsKey) {
		return fmt.Errorf("argsKey: %q: expected one of %s", c.ArgsKey, strings.Join(argumentKeys, ", "))
	}
	if !slices.Contains(conditionNames, c.OnlyWhen) {
		return fmt.Errorf(`onlyWhen: expected "flannel" or "kube-proxy", found %q`, c.OnlyWhen)
	}
	if !slices.Contains(stopSignals, c.StopSignal) {
		return fmt.Errorf(`stopSignal: expected "SIGTERM" or "SIGKILL", found %q`, c.StopSignal)
	}
	texts := append(slices.Clone(c.Argv), slices.Collect(maps.Values(c.Env))...)
	for field, r := range map[string]*Ready{"ready": c.Ready, "startWhen": c.StartWhen} {
		if r == nil {
			continue
		}
		if err := r.validate(field); err != nil {
			return err
		}
		texts = append(texts, r.URL, r.CA, r.Cert, r.Key, r.CRI, r.File)
	}
	for _, s := range texts {
		for _, found := range placeholder.FindAllStringSubmatch(s, -1) {
			if !slices.Contains(placeholders, found[1]) {
				return fmt.Errorf("%q: unknown placeholder ${%s}: expected one of %s", s, found[1], strings.Join(placeholders, ", "))
			}
		}
	}
	return nil
}

// depths gives each component the length of its longest chain of `after`; an error for a cycle.
func depths(components []Component) (map[string]int, error) {
	byName := map[string]Component{}
	for _, c := range components {
		byName[c.Name] = c
	}
	depth, visiting := map[string]int{}, map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		c, exists := byName[name]
		if _, done := depth[name]; done || !exists {
			return nil
		}
		if visiting[name] {
			return fmt.Errorf("after: %q waits for itself", name)
		}
		visiting[name] = true
		deepest := 0
		for _, before := range c.After {
			if err := visit(before); err != nil {
				return err
			}
			if _, exists := byName[before]; exists {
				deepest = max(deepest, depth[before]+1)
			}
		}
		depth[name] = deepest
		return nil
	}
	for _, c := range components {
		if err := visit(c.Name); err != nil {
			return nil, err
		}
	}
	return depth, nil
}

// resolve picks the components of this start and makes their final command lines.
func resolve(file *componentFile, role string, cluster ClusterConfig, settings *Settings, values map[string]string) []Component {
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(m string) string { return values[m[2:len(m)-1]] })
	}
	var out []Component
	for _, c := range file.Components {
		if (c.Role == "server" && role != "server") ||
			(c.OnlyWhen == "flannel" && cluster.FlannelBackend == "none") ||
			(c.OnlyWhen == "kube-proxy" && cluster.DisableKubeProxy) {
			continue
		}
		argv := make([]string, len(c.Argv))
		for i, a := range c.Argv {
			argv[i] = fill(a)
		}
		c.Argv = withExtraArgs(argv, settings.List(c.ArgsKey))
		env := map[string]string{}
		for name, value := range c.Env {
			env[name] = fill(value)
		}
		c.Env = env
		c.Ready, c.StartWhen = c.Ready.fill(fill), c.StartWhen.fill(fill)
		out = append(out, c)
	}
	return out
}

// withExtraArgs appends `name=value` as `--name=value`; like in K3s, it takes the place of an argument of
// the same name that K3s itself would have passed.
func withExtraArgs(argv, extra []string) []string {
	out := slices.Clone(argv[:1])
	for _, own := range argv[1:] {
		replaced := slices.ContainsFunc(extra, func(e string) bool { return argumentName(e) == argumentName(own) })
		if !replaced || !strings.HasPrefix(own, "--") {
			out = append(out, own)
		}
	}
	for _, e := range extra {
		out = append(out, "--"+strings.TrimLeft(e, "-"))
	}
	return out
}

func argumentName(argument string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
	return name
}

// argument finds the value of --name=value.
func argument(argv []string, name, fallback string) string {
	for i := len(argv) - 1; i > 0; i-- {
		if value, ok := strings.CutPrefix(argv[i], "--"+name+"="); ok {
			return value
		}
	}
	return fallback
}
