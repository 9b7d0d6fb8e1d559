// Command k3s stands in for the K3s binary in nodes of the lab: the same commands, files and behaviour
// around the same Kubernetes components, because K3s itself cannot be had as a Go module. Where a real k3s
// is found, the lab runs that instead.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"fairlead.dev/lab/node/internal/k3s"
)

const usage = `usage: k3s server|agent [--key=value …]
       k3s kubectl|ctr|crictl …
       k3s etcd-snapshot save [--name NAME] | ls
       k3s --version`

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "level=fatal msg=%q\n", err)
		os.Exit(1)
	}
}

func run(name string, args []string) error {
	layout := k3s.Layout{}
	switch name { // installed under other names, K3s is these tools
	case "kubectl", "ctr", "crictl":
		return k3s.Tool(layout, name, args)
	}
	if len(args) == 0 {
		return fmt.Errorf("no command given\n%s", usage)
	}
	switch args[0] {
	case "server", "agent":
		return k3s.Run(layout, args[0], args[1:])
	case "kubectl", "ctr", "crictl":
		return k3s.Tool(layout, args[0], args[1:])
	case "etcd-snapshot":
		return k3s.EtcdSnapshot(layout, args[1:])
	case "--version", "-v", "version":
		fmt.Println(k3s.Version)
		return nil
	case "--help", "-h", "help":
		fmt.Println(usage)
		return nil
	}
	return fmt.Errorf("unknown command %q\n%s", args[0], usage)
}
