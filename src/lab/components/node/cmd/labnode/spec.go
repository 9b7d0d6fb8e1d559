package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Spec describes one node; the lab writes it as JSON before it calls `labnode spawn`.
type Spec struct {
	Hostname string `json:"hostname"`
	// NetNS is the path of the node's network namespace, e.g. /run/netns/fl-demo-agent-1.
	NetNS string `json:"netns"`
	// Cgroups has one entry per hierarchy of the machine; the node's first process joins them all.
	Cgroups []Cgroup `json:"cgroups"`
	// Upper, Work and Root are the overlay's directories; its lower directory is /.
	Upper string `json:"upper"`
	Work  string `json:"work"`
	Root  string `json:"root"`
	// Opaque directories show nothing of the machine's own, so that its CNI files or clusters do not shine through.
	Opaque []string `json:"opaque"`
	// Binds are made after the overlay, in order.
	Binds []Bind `json:"binds"`
	// Masked directories are covered by an empty tmpfs.
	Masked []string `json:"masked"`
	// ShadowedSysctls are files below /proc/sys that the node may write without touching the machine's own.
	ShadowedSysctls []string `json:"shadowedSysctls"`
	BootID          string   `json:"bootId"`
	// PidFile receives {"pid":…,"startTime":…} of the node's process 1 as the machine sees it.
	PidFile string `json:"pidFile"`
	// LogFile receives what process 1 itself prints.
	LogFile string `json:"logFile"`
}

// Cgroup is one hierarchy: the node's directory in it on the machine, and how the node mounts it. The node has a
// cgroup namespace of its own, so that directory is the root of what it sees.
type Cgroup struct {
	Dir string `json:"dir"`
	// Target is where the node mounts it, e.g. /sys/fs/cgroup/memory.
	Target string `json:"target"`
	// Type is cgroup or cgroup2; Options the controllers or name=… of a version 1 hierarchy.
	Type    string `json:"type"`
	Options string `json:"options"`
}

// Bind mounts Source (a path of the machine) on Target (a path in the node).
type Bind struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly"`
}

func readSpec(args []string) (Spec, error) {
	var spec Spec
	if len(args) != 1 {
		return spec, fmt.Errorf("expected exactly one argument, the node's spec file")
	}
	bytes, err := os.ReadFile(args[0])
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(bytes, &spec); err != nil {
		return spec, fmt.Errorf("%s: %w", args[0], err)
	}
	return spec, nil
}
