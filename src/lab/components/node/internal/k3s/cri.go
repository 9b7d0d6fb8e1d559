package k3s

// Asking a container runtime whether it serves. Its socket is there before its CRI plugin is: a kubelet that
// starts in between ends with "server is not initialized yet", so K3s asks for the version first, and so does this.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// versionMethod is the only call of the CRI that needs no arguments and no state (k8s.io/cri-api, RuntimeService).
	versionMethod = "http://cri/runtime.v1.RuntimeService/Version"
	criTimeout    = 2 * time.Second
)

// emptyMessage is a protobuf message without fields in gRPC's framing: not compressed, length 0.
var emptyMessage = []byte{0, 0, 0, 0, 0}

// criAnswers makes the check. gRPC is HTTP/2 with its status in a trailer, or in the header when there is no body.
func criAnswers(socket string) func(context.Context) error {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}
	client := &http.Client{Timeout: criTimeout, Transport: transport}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, versionMethod, bytes.NewReader(emptyMessage))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)); err != nil {
			return err
		}
		status, message := response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
		if status == "" {
			status, message = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
		}
		if status != "0" {
			return fmt.Errorf("%s answered with gRPC status %q: %s", socket, status, message)
		}
		return nil
	}
}
