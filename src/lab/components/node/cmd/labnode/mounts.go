package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// makeRoot builds the node's file system below spec.Root and makes it the root directory.
func makeRoot(spec Spec) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, path := range spec.Opaque {
		dir := filepath.Join(spec.Upper, path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		// overlayfs' own mark: nothing of the lower directory is merged in (Documentation/filesystems/overlayfs.rst).
		if err := syscall.Setxattr(dir, "trusted.overlay.opaque", []byte("y"), 0); err != nil {
			return fmt.Errorf("make %s opaque: %w", dir, err)
		}
	}
	options := fmt.Sprintf("lowerdir=/,upperdir=%s,workdir=%s", spec.Upper, spec.Work)
	if err := syscall.Mount("overlay", spec.Root, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlay (%s): %w", options, err)
	}
	at := func(path string) string { return filepath.Join(spec.Root, path) }
	steps := []func() error{
		func() error {
			return mountAt("proc", at("/proc"), "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "")
		},
		// A sysfs mounted here shows this network namespace's devices; one bound from the machine would not.
		func() error {
			return mountAt("sysfs", at("/sys"), "sysfs", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "")
		},
		func() error { return mountCgroups(spec, at) },
		func() error { return makeDev(at("/dev")) },
		func() error { return mountAt("tmpfs", at("/run"), "tmpfs", syscall.MS_NOSUID, "mode=755") },
		func() error { return mountAt("tmpfs", at("/tmp"), "tmpfs", syscall.MS_NOSUID, "mode=1777") },
		func() error { return os.MkdirAll(at("/run/lock"), 0o1777) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	for _, entry := range spec.Binds {
		if err := bind(entry.Source, at(entry.Target), entry.ReadOnly); err != nil {
			return err
		}
	}
	for _, path := range spec.Masked {
		if err := mountAt("tmpfs", at(path), "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=700,size=64k"); err != nil {
			return err
		}
	}
	if err := shadowSysctls(spec, at); err != nil {
		return err
	}
	return enterRoot(spec.Root)
}

// mountCgroups mounts every hierarchy of the machine; mounted from inside the node's cgroup namespace, each
// shows the node's own subtree as its root.
func mountCgroups(spec Spec, at func(string) string) error {
	const root = "/sys/fs/cgroup"
	for index, group := range spec.Cgroups {
		if index == 0 && group.Target != root {
			if err := mountAt("tmpfs", at(root), "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "mode=755"); err != nil {
				return err
			}
		}
		if err := mountAt(group.Type, at(group.Target), group.Type, syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, group.Options); err != nil {
			return err
		}
	}
	return nil
}

// shadowSysctls covers machine-wide settings with files of the node's own, so that a kubelet that sets
// vm.overcommit_memory sets it for nobody else, and gives the node a boot id of its own.
func shadowSysctls(spec Spec, at func(string) string) error {
	dir := at("/run/labnode/sysctl")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cover := func(path string, content []byte) error {
		file := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", "."))
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
		return bind(file, at(path), false)
	}
	for _, path := range spec.ShadowedSysctls {
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := cover(path, content); err != nil {
			return err
		}
	}
	return cover("/proc/sys/kernel/random/boot_id", []byte(spec.BootID+"\n"))
}

// enterRoot pivots into root and drops the machine's file system. The tree is then made shared, as
// systemd leaves it on a real host: kubelet's and Calico's bidirectional mounts depend on that.
func enterRoot(root string) error {
	old := filepath.Join(root, ".machine")
	if err := os.MkdirAll(old, 0o700); err != nil {
		return err
	}
	if err := syscall.PivotRoot(root, old); err != nil {
		return fmt.Errorf("pivot_root %s: %w", root, err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := syscall.Unmount("/.machine", syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the machine's root: %w", err)
	}
	if err := os.Remove("/.machine"); err != nil {
		return err
	}
	return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
}

func mountAt(source, target, kind string, flags uintptr, data string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, target, err)
	}
	return nil
}

// bind mounts source on target, which is created as a file or directory like source when it is missing.
func bind(source, target string, readOnly bool) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if _, statErr := os.Stat(target); statErr != nil {
		if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
			err = os.WriteFile(target, nil, 0o644)
		}
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(source, target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s on %s: %w", source, target, err)
	}
	if readOnly {
		if err := syscall.Mount("", target, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("make %s read-only: %w", target, err)
		}
	}
	return nil
}

// makeDev gives the node a /dev with the devices a container host uses and terminals of its own.
func makeDev(dir string) error {
	if err := mountAt("tmpfs", dir, "tmpfs", syscall.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty", "kmsg", "fuse", "net/tun"} {
		if _, err := os.Stat("/dev/" + name); err != nil {
			continue
		}
		if err := bind("/dev/"+name, filepath.Join(dir, name), false); err != nil {
			return err
		}
	}
	if err := mountAt("devpts", filepath.Join(dir, "pts"), "devpts", syscall.MS_NOSUID|syscall.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"); err != nil {
		return err
	}
	if err := mountAt("tmpfs", filepath.Join(dir, "shm"), "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=1777"); err != nil {
		return err
	}
	if err := mountAt("mqueue", filepath.Join(dir, "mqueue"), "mqueue", syscall.MS_NOSUID, ""); err != nil {
		return err
	}
	for link, target := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			return err
		}
	}
	return nil
}
