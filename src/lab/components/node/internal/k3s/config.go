package k3s

// Settings: config.yaml, config.yaml.d/*.yaml in name order, then the command line, merged as K3s
// documents it (docs.k3s.io "Configuration Options"): the last value of a key wins; `key+` in a later
// file appends; a flag on the command line replaces the whole list.

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

type kind int

const (
	text kind = iota
	flag
	list      // repeatable
	commaList // repeatable, and each value may hold several, split at commas
)

type key struct {
	kind   kind
	server bool // only a server understands it
}

// known lists the settings this stand-in acts upon, or accepts in silence because the lab's component
// list already carries their effect (tls-san, cluster-init, …).
var known = map[string]key{
	"token": {text, false}, "token-file": {text, false}, "server": {text, false},
	"node-name": {text, false}, "node-ip": {commaList, false}, "flannel-iface": {text, false},
	"node-external-ip": {commaList, false}, "node-label": {list, false}, "node-taint": {list, false},
	"kubelet-arg": {list, false}, "kube-proxy-arg": {list, false},
	"debug": {flag, false}, "protect-kernel-defaults": {flag, false}, "selinux": {flag, false},
	"config": {text, false}, "snapshotter": {text, false}, "pause-image": {text, false},

	"cluster-cidr": {commaList, true}, "service-cidr": {commaList, true}, "cluster-dns": {commaList, true},
	"cluster-domain": {text, true}, "tls-san": {commaList, true}, "flannel-backend": {text, true},
	"disable-network-policy": {flag, true}, "disable-kube-proxy": {flag, true},
	"disable": {commaList, true}, "disable-cloud-controller": {flag, true}, "disable-helm-controller": {flag, true},
	"kube-apiserver-arg": {list, true}, "kube-controller-manager-arg": {list, true},
	"kube-scheduler-arg": {list, true}, "etcd-arg": {list, true},
	"cluster-init": {flag, true}, "write-kubeconfig-mode": {text, true}, "egress-selector-mode": {text, true},
	"cluster-reset": {flag, true}, "cluster-reset-restore-path": {text, true},
	"advertise-address": {text, true}, "bind-address": {text, true}, "https-listen-port": {text, true},
	"embedded-registry": {flag, true}, "secrets-encryption": {flag, true},
	"etcd-snapshot-dir": {text, true}, "etcd-disable-snapshots": {flag, true},
}

// Settings holds the merged values, each as a list of strings, and the remarks to log about them.
type Settings struct {
	values   map[string][]string
	Warnings []string
}

// Text is the last value of a key, or fallback.
func (s *Settings) Text(name, fallback string) string {
	if values := s.values[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return fallback
}

// Flag is whether a key is set to true.
func (s *Settings) Flag(name string) bool { return s.Text(name, "false") == "true" }

// List is all values of a key; comma lists come split.
func (s *Settings) List(name string) []string {
	if known[name].kind != commaList {
		return s.values[name]
	}
	var out []string
	for _, value := range s.values[name] {
		for _, part := range strings.Split(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// LoadSettings reads the files of configFile and then args (what follows `k3s server|agent`).
func LoadSettings(role, configFile string, args []string) (*Settings, error) {
	flags, err := parseFlags(role, args)
	if err != nil {
		return nil, err
	}
	if own := flags["config"]; len(own) > 0 {
		configFile = own[len(own)-1]
	}
	files, err := configFiles(configFile)
	if err != nil {
		return nil, err
	}
	settings := &Settings{values: map[string][]string{}}
	for _, file := range files {
		if err := settings.mergeFile(role, file); err != nil {
			return nil, err
		}
	}
	for name, values := range flags {
		settings.values[name] = values
	}
	sort.Strings(settings.Warnings)
	return settings, settings.check(role)
}

// configFiles are config.yaml, where it exists, and the drop-ins beside it in name order.
func configFiles(main string) ([]string, error) {
	var files []string
	if _, err := os.Stat(main); err == nil {
		files = append(files, main)
	}
	entries, err := os.ReadDir(main + ".d")
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, entry := range entries { // ReadDir sorts by name
		lower := strings.ToLower(entry.Name())
		if !entry.IsDir() && (strings.HasSuffix(lower, ".yaml") || strings.HasSuffix(lower, ".yml")) {
			files = append(files, filepath.Join(main+".d", entry.Name()))
		}
	}
	return files, nil
}

func (s *Settings) mergeFile(role, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document map[string]any
	if err := yaml.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for name, value := range document {
		plain := strings.TrimSuffix(name, "+")
		setting, ok := known[plain]
		switch {
		case !ok:
			s.Warnings = append(s.Warnings, fmt.Sprintf("Unknown flag --%s found in %s, skipping", plain, file))
			continue
		case setting.server && role != "server":
			s.Warnings = append(s.Warnings, fmt.Sprintf("Unknown flag --%s found in %s, skipping: it is a server setting; an agent takes it from the server that answers when the agent starts", plain, file))
			continue
		}
		values, err := toStrings(value)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, name, err)
		}
		if plain != name {
			values = append(append([]string{}, s.values[plain]...), values...)
		}
		s.values[plain] = values
	}
	return nil
}

// toStrings turns a scalar or a list of scalars into strings.
func toStrings(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		var out []string
		for _, item := range v {
			switch item.(type) {
			case nil, []any, map[string]any, map[any]any:
				return nil, fmt.Errorf("expected a list of plain values")
			}
			out = append(out, fmt.Sprint(item))
		}
		return out, nil
	case map[string]any, map[any]any:
		return nil, fmt.Errorf("expected a plain value or a list, found a mapping")
	default:
		return []string{fmt.Sprint(v)}, nil
	}
}

// parseFlags reads `--key=value`, `--key value` and bare `--flag`.
func parseFlags(role string, args []string) (map[string][]string, error) {
	out := map[string][]string{}
	for i := 0; i < len(args); i++ {
		body, dashed := strings.CutPrefix(args[i], "--")
		if !dashed {
			return nil, fmt.Errorf("k3s %s: unexpected argument %q", role, args[i])
		}
		name, value, assigned := strings.Cut(body, "=")
		setting, ok := known[name]
		if !ok || (setting.server && role != "server") {
			return nil, fmt.Errorf("k3s %s: flag provided but not defined: --%s", role, name)
		}
		if !assigned {
			if setting.kind == flag {
				value = "true"
			} else if i++; i < len(args) {
				value = args[i]
			} else {
				return nil, fmt.Errorf("k3s %s: flag needs an argument: --%s", role, name)
			}
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}

// check refuses values that this stand-in cannot honour, rather than run something else.
func (s *Settings) check(role string) error {
	for name := range s.values {
		if v := s.Text(name, "false"); known[name].kind == flag && v != "true" && v != "false" {
			return fmt.Errorf("%s: expected true or false, found %q", name, v)
		}
	}
	if role == "server" {
		switch backend := s.Text("flannel-backend", "vxlan"); backend {
		case "vxlan", "host-gw", "none":
		default:
			return fmt.Errorf("flannel-backend: the lab's K3s knows vxlan, host-gw and none, found %q", backend)
		}
	}
	return nil
}
