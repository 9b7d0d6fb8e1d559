package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// spawn puts itself into the node's cgroups and network namespace, starts process 1 in new mount, PID, UTS and
// IPC namespaces, waits until its units have been started and leaves.
func spawn(args []string) error {
	spec, err := readSpec(args)
	if err != nil {
		return err
	}
	// Everything this process starts is born inside the node's cgroups: `down` kills by cgroup, so
	// nothing can get lost between a fork and the writing of a pid file.
	for _, group := range spec.Cgroups {
		if err := os.WriteFile(filepath.Join(group.Dir, "cgroup.procs"), []byte("0"), 0o644); err != nil {
			return fmt.Errorf("join cgroup %s: %w", group.Dir, err)
		}
	}
	runtime.LockOSThread()
	netns, err := os.Open(spec.NetNS)
	if err != nil {
		return err
	}
	if err := unix.Setns(int(netns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", spec.NetNS, err)
	}
	log, err := os.OpenFile(spec.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	child := exec.Command("/proc/self/exe", "init", args[0])
	child.Args[0] = "labnode"
	child.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	child.Stdout, child.Stderr = log, log
	gate, open, err := os.Pipe()
	if err != nil {
		return err
	}
	child.ExtraFiles = []*os.File{writer, gate}
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWCGROUP,
		Setsid:     true,
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("start process 1: %w", err)
	}
	writer.Close()
	gate.Close()
	if err := leaveForLeaf(spec.Cgroups, child.Process.Pid); err != nil {
		return err // process 1 finds the gate broken off, and ends
	}
	if _, err := open.Write([]byte("go")); err != nil {
		return fmt.Errorf("process 1 of %s ended at once (log: %s)", spec.Hostname, spec.LogFile)
	}
	open.Close()
	answer, _ := io.ReadAll(reader)
	if string(answer) != "ready" {
		return fmt.Errorf("process 1 of %s ended before it was ready: %s (log: %s)", spec.Hostname, strings.TrimSpace(string(answer)), spec.LogFile)
	}
	// Only now: until the node's root is made, whoever entered its namespaces would stand in the files of this machine.
	return writePidFile(spec.PidFile, child.Process.Pid)
}

// leaveForLeaf moves this process and process 1 out of the node's cgroup into a leaf of it, in hierarchies of version
// 2: a cgroup that holds processes cannot hand controllers down (cgroups(7), "no internal processes"), and the
// kubelet makes its own below the node's. Process 1 has its cgroup namespace by then, so the node's cgroup stays the
// root of what the node sees; it has started nothing yet, so everything it starts is born in the leaf.
func leaveForLeaf(groups []Cgroup, child int) error {
	for _, group := range groups {
		if group.Type != "cgroup2" {
			continue
		}
		leaf := filepath.Join(group.Dir, "init")
		if err := os.MkdirAll(leaf, 0o755); err != nil {
			return err
		}
		for _, pid := range []int{child, os.Getpid()} {
			if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
				return fmt.Errorf("join cgroup %s: %w", leaf, err)
			}
		}
	}
	return nil
}

// writePidFile records pid and start time (field 22 of /proc/PID/stat, in clock ticks since boot: proc(5)),
// which together name one process for ever.
func writePidFile(path string, pid int) error {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	text := fmt.Sprintf("{\"pid\":%d,\"startTime\":%s}\n", pid, fields[19])
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
