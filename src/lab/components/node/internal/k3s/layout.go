// Package k3s is the lab's stand-in for the K3s program: the same files, services and order of events
// around the same Kubernetes components. It exists because K3s itself (github.com/k3s-io/k3s) cannot be
// had as a Go module; facts come from K3s' documentation and reference/migration.md §2.5.
//
// This file names every path that K3s documents.
package k3s

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Layout is K3s' directory layout below Root ("" outside of tests).
type Layout struct{ Root string }

func (l Layout) at(path string) string { return filepath.Join(l.Root, path) }

const dataDir = "/var/lib/rancher/k3s"

// Directories that containerd is told to use for CNI while Flannel is on (K3s ≥ 1.31). With
// `flannel-backend: none` containerd's own defaults, /etc/cni/net.d and /opt/cni/bin, apply.
const (
	cniConfDir = dataDir + "/agent/etc/cni/net.d"
	cniBinDir  = dataDir + "/data/cni"
)

const containerdSocket = "/run/k3s/containerd/containerd.sock"

// SupervisorPort is where the server tells agents its settings. K3s multiplexes this onto the API
// server's port; the lab uses RKE2's separate port instead.
const SupervisorPort = "9345"

func (l Layout) ConfigFile() string { return l.at("/etc/rancher/k3s/config.yaml") }
func (l Layout) Kubeconfig() string { return l.at("/etc/rancher/k3s/k3s.yaml") }
func (l Layout) Components() string { return l.at("/usr/local/lib/fairlead-lab/k3s-components.json") }

// Seed holds files for K3s' own tree, each at its path below this directory.
func (l Layout) Seed() string   { return l.at("/usr/local/lib/fairlead-lab/seed") }
func (l Layout) Images() string { return l.at(dataDir + "/agent/images") }
func (l Layout) ContainerdBase() string {
	return l.at("/usr/local/lib/fairlead-lab/containerd-base.toml")
}
func (l Layout) ContainerdConfig() string   { return l.at(dataDir + "/agent/etc/containerd/config.toml") }
func (l Layout) ContainerdTemplate() string { return l.ContainerdConfig() + ".tmpl" }
func (l Layout) FlannelNetConf() string     { return l.at(dataDir + "/agent/etc/flannel/net-conf.json") }
func (l Layout) FlannelConflist() string    { return l.at(cniConfDir + "/10-flannel.conflist") }
func (l Layout) ServerCA() string           { return l.at(dataDir + "/agent/server-ca.crt") }
func (l Layout) ServingCert() string        { return l.at(dataDir + "/server/tls/serving-kube-apiserver.crt") }
func (l Layout) ServingKey() string         { return l.at(dataDir + "/server/tls/serving-kube-apiserver.key") }
func (l Layout) TokenFile() string          { return l.at(dataDir + "/server/token") }
func (l Layout) Manifests() string          { return l.at(dataDir + "/server/manifests") }
func (l Layout) AppliedManifests() string   { return l.at(dataDir + "/server/applied-manifests.json") }
func (l Layout) EtcdTLS(name string) string { return l.at(dataDir + "/server/tls/etcd/" + name) }
func (l Layout) Snapshots() string          { return l.at(dataDir + "/server/db/snapshots") }
func (l Layout) EtcdDir() string            { return l.at(dataDir + "/server/db/etcd") }

// writeFile replaces path as a whole (temporary file, rename), making its directory: a reader such as
// containerd's CNI watcher never sees half a file.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// The leading dot and the suffix keep watchers of *.conflist from picking the temporary file up.
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(temporary, content, mode); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// logf prints a line in the form of K3s' own log (logrus text without a terminal).
func logf(level, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", time.Now().UTC().Format(time.RFC3339), level, fmt.Sprintf(format, args...))
}

// Version is what `k3s --version` prints.
const Version = "k3s version v1.34.4+lab (stand-in; Kubernetes v1.34.4)"
