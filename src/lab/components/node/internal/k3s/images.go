package k3s

// Image archives in agent/images are imported at every start, before the kubelet runs (docs.k3s.io "Air-Gap
// Install").

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// importImages imports every archive by ctr. As in K3s a failure is logged and the rest is imported.
func importImages(ctx context.Context, l Layout, ctr string) {
	entries, err := os.ReadDir(l.Images())
	if err != nil && !os.IsNotExist(err) {
		logf("error", "Unable to read images in %s: %v", l.Images(), err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(strings.ToLower(entry.Name()), ".tar") {
			continue
		}
		file := filepath.Join(l.Images(), entry.Name())
		logf("info", "Importing images from %s", file)
		said, err := exec.CommandContext(ctx, ctr, "--address", containerdSocket, "--namespace", "k8s.io", "images", "import", file).CombinedOutput()
		if err != nil {
			logf("error", "Error encountered while importing %s: %v: %s", file, err, strings.TrimSpace(string(said)))
		}
	}
}
