package k3s

// `k3s etcd-snapshot save|ls` and `k3s server --cluster-reset`, by way of etcdctl.

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// EtcdSnapshot is the command `k3s etcd-snapshot …`.
func EtcdSnapshot(l Layout, args []string) error {
	action := "save"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		action, args = args[0], args[1:]
	}
	name, directory := "on-demand", l.Snapshots()
	for i := 0; i < len(args); i++ {
		key, value, assigned := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !assigned && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch key {
		case "name":
			name = value
		case "dir", "snapshot-dir", "etcd-snapshot-dir":
			directory = value
		default:
			return fmt.Errorf("k3s etcd-snapshot %s: flag provided but not defined: %s", action, args[i])
		}
	}
	switch action {
	case "save":
		return saveSnapshot(l, name, directory)
	case "ls", "list":
		return listSnapshots(directory)
	}
	return fmt.Errorf("k3s etcd-snapshot %s: expected save or ls", action)
}

func saveSnapshot(l Layout, name, directory string) error {
	if strings.ContainsAny(name, "/ ") || name == "" {
		return fmt.Errorf("k3s etcd-snapshot save: name %q: expected a name without slashes and spaces", name)
	}
	settings, err := LoadSettings("server", l.ConfigFile(), nil)
	if err != nil {
		return err
	}
	node, err := nodeName(settings)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	file := filepath.Join(directory, fmt.Sprintf("%s-%s-%d", name, node, time.Now().Unix()))
	if err := etcdctl(l, "--endpoints=https://127.0.0.1:2379",
		"--cacert="+l.EtcdTLS("server-ca.crt"), "--cert="+l.EtcdTLS("client.crt"), "--key="+l.EtcdTLS("client.key"),
		"snapshot", "save", file); err != nil {
		return err
	}
	logf("info", "Snapshot %s saved.", filepath.Base(file))
	fmt.Println(file)
	return nil
}

func listSnapshots(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 1, ' ', 0)
	fmt.Fprintln(table, "Name\tLocation\tSize\tCreated")
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && !entry.IsDir() && !strings.HasSuffix(entry.Name(), ".part") {
			fmt.Fprintf(table, "%s\tfile://%s\t%d\t%s\n", entry.Name(), filepath.Join(directory, entry.Name()), info.Size(), info.ModTime().UTC().Format(time.RFC3339))
		}
	}
	return table.Flush()
}

// etcdctl's own chatter goes to stderr: stdout is for the path.
func etcdctl(l Layout, args ...string) error {
	program, err := tool(l, "etcdctl")
	if err != nil {
		return err
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "ETCDCTL_API=3")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("etcdctl: %w", err)
	}
	return nil
}

// clusterReset puts a snapshot in place of the datastore as a cluster of one member, like
// `k3s server --cluster-reset --cluster-reset-restore-path=FILE`; k3s must not be running.
func clusterReset(l Layout, settings *Settings, nodeName string) error {
	snapshot := settings.Text("cluster-reset-restore-path", "")
	if snapshot == "" {
		return fmt.Errorf("--cluster-reset: the lab's K3s needs --cluster-reset-restore-path=FILE too")
	}
	if _, err := os.Stat(snapshot); err != nil {
		return err
	}
	if connection, err := net.DialTimeout("tcp", "127.0.0.1:2379", time.Second); err == nil {
		connection.Close()
		return fmt.Errorf("--cluster-reset: etcd answers on 127.0.0.1:2379: stop k3s first (systemctl stop k3s)")
	}
	file, err := loadComponents(l.Components())
	if err != nil {
		return err
	}
	argv := []string{"etcd"}
	for _, c := range file.Components {
		if c.Name == "etcd" {
			argv = c.Argv
		}
	}
	values := nodeValues(nodeName, nodeIP(settings, "192.0.2.1"), settings)
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(m string) string { return values[m[2:len(m)-1]] })
	}
	// Defaults are etcd's own.
	member := fill(argument(argv, "name", "default"))
	peer := fill(argument(argv, "initial-advertise-peer-urls", "http://localhost:2380"))
	data := fill(argument(argv, "data-dir", l.EtcdDir()))

	fresh := data + ".restored"
	if err := os.RemoveAll(fresh); err != nil { // left by a restore that failed
		return err
	}
	if err := etcdctl(l, "snapshot", "restore", snapshot, "--data-dir="+fresh, "--name="+member,
		"--initial-advertise-peer-urls="+peer, "--initial-cluster="+member+"="+peer); err != nil {
		os.RemoveAll(fresh)
		return err
	}
	old := fmt.Sprintf("%s-old-%d", data, time.Now().Unix())
	if err := os.Rename(data, old); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(fresh, data); err != nil {
		return err
	}
	os.Remove(l.AppliedManifests()) // it spoke of the datastore that is gone
	logf("info", "Etcd is restored from %s; the old data is kept in %s", snapshot, old)
	logf("info", "Managed etcd cluster membership has been reset, restart without --cluster-reset flag now.")
	return nil
}
