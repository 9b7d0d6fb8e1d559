package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// initNode is process 1: it makes the node's root, starts the enabled units and then serves and reaps for ever.
func initNode(args []string) error {
	ready := os.NewFile(3, "ready")
	err := passGate(os.NewFile(4, "gate"))
	var spec Spec
	if err == nil {
		spec, err = readSpec(args)
	}
	if err == nil {
		err = makeRoot(spec)
	}
	if err == nil {
		err = syscall.Sethostname([]byte(spec.Hostname))
	}
	if err != nil {
		fmt.Fprint(ready, err.Error())
		return err
	}
	syscall.CloseOnExec(3)
	children := make(chan os.Signal, 64)
	signal.Notify(children, syscall.SIGCHLD)
	// Taken and dropped rather than ignored: an ignored signal stays ignored in every program that a unit starts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)

	manager := newManager(spec)
	listener, err := manager.listen()
	if err != nil {
		fmt.Fprint(ready, err.Error())
		return err
	}
	go manager.serve(listener)
	go manager.startEnabled()
	fmt.Fprint(ready, "ready")
	ready.Close()
	for range children {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
			manager.exited(pid, status)
		}
	}
	return nil
}

// passGate waits until spawn has put this process into the right cgroups.
func passGate(gate *os.File) error {
	defer gate.Close()
	if word, err := io.ReadAll(gate); err != nil || string(word) != "go" {
		return fmt.Errorf("told not to go on")
	}
	return nil
}
