package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// answer is what a tier says; the nonce proves that it was said to this question.
type answer struct {
	Role     string  `json:"role"`
	Pod      string  `json:"pod"`
	Node     string  `json:"node"`
	Nonce    string  `json:"nonce"`
	Done     *int64  `json:"done,omitempty"` // of the job: units of work since it started
	Error    string  `json:"error,omitempty"`
	Upstream *answer `json:"upstream,omitempty"`
}

func self(role string, r *http.Request) answer {
	return answer{Role: role, Pod: os.Getenv("POD_NAME"), Node: os.Getenv("NODE_NAME"), Nonce: r.URL.Query().Get("nonce")}
}

// No connection is kept: each request is a new choice among the Service's endpoints, and no failure is
// hidden by the HTTP client's retry on a kept connection.
var client = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// tier answers with its own name and, asked before answering, the upstream's; 502 when that one fails.
func tier(role, upstream string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reply := self(role, r)
		if upstream == "" {
			respond(w, http.StatusOK, reply)
			return
		}
		got, err := ask(r.Context(), upstream, reply.Nonce)
		reply.Upstream = got
		if err != nil {
			reply.Error = err.Error()
			respond(w, http.StatusBadGateway, reply)
			return
		}
		respond(w, http.StatusOK, reply)
	}
}

func ask(ctx context.Context, base, nonce string) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/?nonce="+url.QueryEscape(nonce), nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&got); err != nil {
		return nil, fmt.Errorf("%s answered %s without the expected JSON: %w", base, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return &got, fmt.Errorf("%s answered %s", base, response.Status)
	}
	if got.Nonce != nonce {
		return &got, fmt.Errorf("%s answered with nonce %q instead of %q", base, got.Nonce, nonce)
	}
	return &got, nil
}

// job does one unit of work a second and tells how many it has done; a replacement starts from nought.
func job(ctx context.Context) http.HandlerFunc {
	var done atomic.Int64
	go func() {
		for ticker := time.NewTicker(time.Second); ctx.Err() == nil; <-ticker.C {
			done.Add(1)
		}
	}()
	return func(w http.ResponseWriter, r *http.Request) {
		reply, count := self("job", r), done.Load()
		reply.Done = &count
		respond(w, http.StatusOK, reply)
	}
}
