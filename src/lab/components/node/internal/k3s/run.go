package k3s

// `k3s server` and `k3s agent`.

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// Run is the service; it returns nil after SIGTERM or SIGINT, else why k3s must exit.
func Run(l Layout, role string, args []string) error {
	// Signals from the first moment on: a stop during start-up must be a clean one too.
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	settings, err := LoadSettings(role, l.ConfigFile(), args)
	if err != nil {
		return err
	}
	logf("info", "Starting %s", Version)
	for _, warning := range settings.Warnings {
		logf("warning", "%s", warning)
	}
	name, err := nodeName(settings)
	if err != nil {
		return err
	}
	if err := plantSeed(l); err != nil {
		return err
	}
	if settings.Flag("cluster-reset") {
		return clusterReset(l, settings, name)
	}
	file, err := loadComponents(l.Components())
	if err != nil {
		return err
	}

	var cluster ClusterConfig
	var serverAddress string
	if role == "server" {
		serverAddress = "192.0.2.1" // any: it only picks the default route's source address
		if cluster, err = clusterConfigOf(settings); err != nil {
			return err
		}
		token, err := serverToken(l, settings)
		if err != nil {
			return err
		}
		listener, err := serveConfig(l, ":"+SupervisorPort, token, cluster)
		if err != nil {
			return err
		}
		defer listener.Close()
	} else {
		if serverAddress, err = serverHost(settings); err != nil {
			return err
		}
		token, err := configuredToken(settings)
		if err != nil {
			return err
		}
		if token == "" {
			return fmt.Errorf("--token is required: an agent needs the server's token in its configuration")
		}
		if cluster, err = fetchConfig(ctx, l.ServerCA(), serverAddress, SupervisorPort, token, name); err != nil {
			return ignoreCancel(ctx, err)
		}
	}
	logf("info", "Settings of the cluster: flannel-backend=%s cluster-cidr=%s service-cidr=%s disable-network-policy=%t",
		cluster.FlannelBackend, strings.Join(cluster.ClusterCIDR, ","), strings.Join(cluster.ServiceCIDR, ","), cluster.DisableNetworkPolicy)
	if !cluster.DisableNetworkPolicy {
		logf("warning", "disable-network-policy is not set: K3s would start its network policy controller (kube-router) here; it cannot be had for the lab, so policies are not enforced by this service")
	}

	if err := prepareNode(l, cluster); err != nil {
		return err
	}
	values := nodeValues(name, nodeIP(settings, serverAddress), settings)
	values["cluster-cidr"] = strings.Join(cluster.ClusterCIDR, ",")
	values["service-cidr"] = strings.Join(cluster.ServiceCIDR, ",")
	values["cluster-dns"] = strings.Join(cluster.ClusterDNS, ",")
	values["cluster-domain"] = cluster.ClusterDomain

	children := newSupervisor(resolve(file, role, cluster, settings, values), os.Stderr)
	defer children.stop()
	ctr, err := tool(l, "ctr")
	if err != nil {
		return err
	}
	children.onReady["containerd"] = func(ctx context.Context) { importImages(ctx, l, ctr) }
	if role == "server" {
		kubectl, err := tool(l, "kubectl")
		if err != nil {
			return err
		}
		go func() {
			if children.waitReady(ctx, "kube-apiserver") {
				newManifests(l, settings.List("disable"), kubectl).watch(ctx)
			}
		}()
	}
	if err := children.run(ctx); err != nil {
		return ignoreCancel(ctx, err)
	}
	logf("info", "k3s is up and running")
	select {
	case err := <-children.failed:
		return err
	case <-ctx.Done():
		logf("info", "Stopping")
		return nil
	}
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func nodeName(s *Settings) (string, error) {
	host, err := os.Hostname()
	return strings.ToLower(s.Text("node-name", host)), err
}

// nodeIP is the configured address, else the one from which this node reaches toward.
func nodeIP(s *Settings, toward string) string {
	if configured := s.List("node-ip"); len(configured) > 0 {
		return configured[0]
	}
	connection, err := net.Dial("udp", net.JoinHostPort(toward, "9")) // sends nothing
	if err != nil {
		return "127.0.0.1"
	}
	defer connection.Close()
	return connection.LocalAddr().(*net.UDPAddr).IP.String()
}

func nodeValues(name, ip string, s *Settings) map[string]string {
	return map[string]string{"node-name": name, "node-ip": ip, "flannel-iface": s.Text("flannel-iface", ip)}
}

// tool finds a helper program: what the component list says, else PATH.
func tool(l Layout, name string) (string, error) {
	if file, err := loadComponents(l.Components()); err == nil && file.Tools[name] != "" {
		return file.Tools[name], nil
	}
	return findProgram(name)
}

// findProgram looks a program up in PATH, passing over links to this very program: K3s installs itself as
// kubectl, crictl and ctr too.
func findProgram(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return "", err
	}
	for _, directory := range filepath.SplitList(os.Getenv("PATH")) {
		candidate := filepath.Join(directory, name)
		info, err := os.Stat(candidate)
		if err == nil && !info.IsDir() && info.Mode()&0o111 != 0 && !os.SameFile(info, self) {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

// Tool replaces this process by kubectl, ctr or crictl, set up for this node.
func Tool(l Layout, name string, args []string) error {
	program, err := tool(l, name)
	if err != nil {
		return err
	}
	argv, env := []string{name}, os.Environ()
	switch name {
	case "kubectl":
		if os.Getenv("KUBECONFIG") == "" {
			env = append(env, "KUBECONFIG="+l.Kubeconfig())
		}
	case "ctr":
		argv = append(argv, "--address", containerdSocket, "--namespace", "k8s.io")
	case "crictl":
		env = append(env, "CONTAINER_RUNTIME_ENDPOINT=unix://"+containerdSocket)
	}
	return fmt.Errorf("%s: %w", program, syscall.Exec(program, append(argv, args...), env))
}
