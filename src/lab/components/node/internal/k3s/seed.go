package k3s

// What K3s makes by itself at its first start (authorities, certificates, kubeconfigs, the CNI plugins of its
// bundle): the lab makes it for this stand-in and leaves it in the seed directory. K3s' own tree is thus empty
// until K3s is started, whichever program K3s is.

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// plantSeed puts the seed's files into their places. A file that is there is left alone.
func plantSeed(l Layout) error {
	err := filepath.WalkDir(l.Seed(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		target := l.at(strings.TrimPrefix(path, l.Seed()))
		if _, err := os.Lstat(target); err == nil {
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return writeFile(target, content, info.Mode().Perm())
	})
	if os.IsNotExist(err) { // everything was put there by somebody else
		return nil
	}
	return err
}
