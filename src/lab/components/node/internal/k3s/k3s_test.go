package k3s

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// layoutWith makes a Layout in a temporary directory holding the given files.
func layoutWith(t *testing.T, files map[string]string) Layout {
	t.Helper()
	l := Layout{Root: t.TempDir()}
	for path, content := range files {
		if err := writeFile(l.at(path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %#v\nwant %#v", what, got, want)
	}
}

func contains(t *testing.T, what, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%s: expected %q to contain %q", what, text, part)
	}
}

const config = "/etc/rancher/k3s/config.yaml"

func TestSettingsMergeLikeK3s(t *testing.T) {
	l := layoutWith(t, map[string]string{
		config: "token: s3cret\nflannel-backend: vxlan\nkubelet-arg: v=2\ndisable:\n- traefik\n- servicelb\n" +
			"tls-san: [a, b]\ncluster-cidr: 10.42.0.0/16\nnode-label: [x=1]\n",
		config + ".d/20-later.yaml":  "flannel-backend: none\nkubelet-arg+: max-pods=50\ntls-san: c\n",
		config + ".d/10-sooner.yaml": "flannel-backend: host-gw\ndisable+: metrics-server\ndisable-network-policy: true\n",
		config + ".d/ignored.txt":    "flannel-backend: [",
		config + ".d/90-what.yml":    "no-such-key: 1\n",
	})
	s, err := LoadSettings("server", l.ConfigFile(), []string{"--tls-san=d", "--tls-san", "e,f", "--cluster-init"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "flannel-backend", s.Text("flannel-backend", ""), "none")
	equal(t, "kubelet-arg", s.List("kubelet-arg"), []string{"v=2", "max-pods=50"})
	equal(t, "disable", s.List("disable"), []string{"traefik", "servicelb", "metrics-server"})
	equal(t, "tls-san", s.List("tls-san"), []string{"d", "e", "f"})
	equal(t, "flags", []bool{s.Flag("disable-network-policy"), s.Flag("cluster-init"), s.Flag("disable-kube-proxy")}, []bool{true, true, false})
	equal(t, "warnings", len(s.Warnings), 1)
	contains(t, "warning", s.Warnings[0], "Unknown flag --no-such-key")
}

func TestAgentIgnoresServerSettings(t *testing.T) {
	l := layoutWith(t, map[string]string{config: "flannel-backend: none\nserver: https://192.168.77.11:6443\n"})
	s, err := LoadSettings("agent", l.ConfigFile(), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "flannel-backend", s.Text("flannel-backend", "unset"), "unset")
	contains(t, "warning", strings.Join(s.Warnings, "\n"), "--flannel-backend")
	host, err := serverHost(s)
	equal(t, "server", []any{host, err}, []any{"192.168.77.11", nil})
}

func TestSettingsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		role, file, want string
		args             []string
	}{
		"broken YAML":     {"server", "a: [", "config.yaml", nil},
		"mapping":         {"server", "kubelet-arg: {a: 1}", "kubelet-arg: expected a plain value or a list", nil},
		"backend":         {"server", "flannel-backend: wireguard-native", "wireguard-native", nil},
		"not a boolean":   {"server", "disable-kube-proxy: maybe", "expected true or false", nil},
		"unknown flag":    {"server", "", "not defined: --nope", []string{"--nope=1"}},
		"server flag":     {"agent", "", "not defined: --cluster-cidr", []string{"--cluster-cidr=10.0.0.0/8"}},
		"missing value":   {"server", "", "needs an argument", []string{"--token"}},
		"stray argument":  {"server", "", "unexpected argument", []string{"token"}},
		"list in a list":  {"server", "disable: [[a]]", "list of plain values", nil},
		"last drop-in it": {"server", "flannel-backend: [none, ipsec]", "ipsec", nil},
	} {
		l := layoutWith(t, map[string]string{config: c.file})
		_, err := LoadSettings(c.role, l.ConfigFile(), c.args)
		if err == nil {
			t.Errorf("%s: expected an error", name)
			continue
		}
		contains(t, name, err.Error(), c.want)
	}
}

func TestClusterConfigDefaults(t *testing.T) {
	got, err := clusterConfigOf(&Settings{values: map[string][]string{"service-cidr": {"10.96.0.0/12"}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "config", got, ClusterConfig{
		FlannelBackend: "vxlan", ClusterCIDR: []string{"10.42.0.0/16"}, ServiceCIDR: []string{"10.96.0.0/12"},
		ClusterDNS: []string{"10.96.0.10"}, ClusterDomain: "cluster.local",
	})
	_, err = clusterConfigOf(&Settings{values: map[string][]string{"cluster-cidr": {"10.42.0.0"}}})
	if err == nil {
		t.Error("a cluster-cidr without a length must be refused")
	}
}

func TestTokenForms(t *testing.T) {
	for given, want := range map[string]string{"abc": "abc", "abc\n": "abc", "K10ff00::server:abc": "abc", "K10ff00::abc": "abc"} {
		equal(t, given, normalToken(given), want)
	}
	l := layoutWith(t, nil)
	first, err := serverToken(l, &Settings{})
	again, _ := serverToken(l, &Settings{})
	if err != nil || first == "" || first != again {
		t.Errorf("a generated token must stay: %q, %q, %v", first, again, err)
	}
}

const base = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"pause\"\n"

func TestNodeFilesWithFlannel(t *testing.T) {
	l := layoutWith(t, map[string]string{"/usr/local/lib/fairlead-lab/containerd-base.toml": base})
	cluster := ClusterConfig{FlannelBackend: "host-gw", ClusterCIDR: []string{"10.99.0.0/16"}}
	if err := prepareNode(l, cluster); err != nil {
		t.Fatal(err)
	}
	toml := read(t, l.ContainerdConfig())
	contains(t, "containerd", toml, base)
	contains(t, "containerd", toml, "[plugins.\"io.containerd.grpc.v1.cri\".cni]\n  bin_dir = \"/var/lib/rancher/k3s/data/cni\"\n  conf_dir = \"/var/lib/rancher/k3s/agent/etc/cni/net.d\"\n")
	contains(t, "net-conf", read(t, l.FlannelNetConf()), `"Network": "10.99.0.0/16"`)
	contains(t, "net-conf", read(t, l.FlannelNetConf()), `"Type": "host-gw"`)

	// Rewritten at every start while Flannel is on; left alone when it is off.
	os.WriteFile(l.FlannelConflist(), []byte("edited"), 0o644)
	prepareNode(l, cluster)
	equal(t, "conflist", read(t, l.FlannelConflist()), flannelConflist)
	os.WriteFile(l.FlannelConflist(), []byte("edited"), 0o644)
	cluster.FlannelBackend = "none"
	if err := prepareNode(l, cluster); err != nil {
		t.Fatal(err)
	}
	equal(t, "conflist with none", read(t, l.FlannelConflist()), "edited")
	if toml := read(t, l.ContainerdConfig()); strings.Contains(toml, ".cni]") {
		t.Errorf("no CNI section expected with flannel-backend none: %s", toml)
	}
	leftovers, _ := filepath.Glob(filepath.Join(filepath.Dir(l.FlannelConflist()), ".*"))
	equal(t, "temporary files", len(leftovers), 0)
}

func TestContainerdTemplate(t *testing.T) {
	l := layoutWith(t, map[string]string{
		"/usr/local/lib/fairlead-lab/containerd-base.toml":           base,
		"/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl": "{{ template \"base\" . }}# mine {{ .NodeConfig.AgentConfig.CNIBinDir }}\n",
	})
	got, err := containerdConfig(l, "vxlan")
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "template", string(got), base)
	contains(t, "template", string(got), "# mine /var/lib/rancher/k3s/data/cni\n")
	os.WriteFile(l.ContainerdTemplate(), []byte("{{ nonsense }}"), 0o644)
	if _, err := containerdConfig(l, "vxlan"); err == nil {
		t.Error("a broken template must be refused")
	}
	os.WriteFile(l.ContainerdBase(), []byte(base+"[plugins.\"io.containerd.grpc.v1.cri\".cni]\n"), 0o644)
	if _, err := containerdConfig(l, "vxlan"); err == nil {
		t.Error("a base with a CNI section must be refused")
	}
}

func TestSeedFillsGapsOnly(t *testing.T) {
	l := layoutWith(t, map[string]string{
		"/usr/local/lib/fairlead-lab/seed/etc/rancher/k3s/k3s.yaml":                  "seed",
		"/usr/local/lib/fairlead-lab/seed/var/lib/rancher/k3s/data/cni/bridge":       "seed",
		"/usr/local/lib/fairlead-lab/seed/var/lib/rancher/k3s/server/tls/client.key": "seed",
		"/var/lib/rancher/k3s/data/cni/bridge":                                       "own",
	})
	if err := os.Chmod(l.Seed()+"/var/lib/rancher/k3s/server/tls/client.key", 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := plantSeed(l); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "planted", read(t, l.Kubeconfig()), "seed")
	equal(t, "already there", read(t, l.at("/var/lib/rancher/k3s/data/cni/bridge")), "own")
	info, err := os.Stat(l.at("/var/lib/rancher/k3s/server/tls/client.key"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "mode", info.Mode().Perm(), os.FileMode(0o600))
	if err := plantSeed(Layout{Root: t.TempDir()}); err != nil {
		t.Errorf("without a seed: %v", err)
	}
}

func TestArchivesAreImportedAndAFailureStopsNone(t *testing.T) {
	l := layoutWith(t, map[string]string{
		"/var/lib/rancher/k3s/agent/images/a.tar":       "broken",
		"/var/lib/rancher/k3s/agent/images/b.TAR":       "",
		"/var/lib/rancher/k3s/agent/images/readme.txt":  "",
		"/var/lib/rancher/k3s/agent/images/c.tar/inner": "",
		"/var/lib/rancher/k3s/agent/images/.cache.json": "",
		"/bin/ctr": "#!/bin/sh\necho \"$*\" >> \"$0.calls\"\nfor last; do :; done\n! grep -q broken \"$last\"\n",
	})
	ctr := l.at("/bin/ctr")
	if err := os.Chmod(ctr, 0o755); err != nil {
		t.Fatal(err)
	}
	importImages(t.Context(), l, ctr)
	equal(t, "calls", read(t, ctr+".calls"), strings.Join([]string{
		"--address /run/k3s/containerd/containerd.sock --namespace k8s.io images import " + l.Images() + "/a.tar",
		"--address /run/k3s/containerd/containerd.sock --namespace k8s.io images import " + l.Images() + "/b.TAR",
		"",
	}, "\n"))
}
