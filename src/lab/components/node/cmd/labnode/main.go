// Command labnode is process 1 of a lab node, and the systemctl and journalctl found inside it.
//
// It stands in for systemd, which cannot run in a bare set of namespaces: it makes the node's mounts,
// starts and restarts the units below /etc/systemd/system, keeps their logs and reaps orphans.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	if name == "labnode" && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	var err error
	switch name {
	case "spawn":
		err = spawn(args)
	case "init":
		err = initNode(args)
	case "systemctl":
		os.Exit(systemctl(args))
	case "journalctl":
		os.Exit(journalctl(args))
	default:
		err = fmt.Errorf("usage: labnode spawn|init SPEC, or called as systemctl or journalctl")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "labnode: %v\n", err)
		os.Exit(1)
	}
}
