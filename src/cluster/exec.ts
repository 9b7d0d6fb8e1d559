/** Runs a command in a container through the API server (a WebSocket, as `kubectl exec` does), and tells what never ran from what may have. */
import { PassThrough } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { EnvironmentError, NotStartedError } from '../core/errors.ts';
import { ApiError, type Call } from './api-error.ts';

export interface ExecTarget {
  namespace: string;
  pod: string;
  container: string;
}

export interface ExecOptions {
  /** Bytes for the command's standard input; without them it has none. */
  stdin?: Uint8Array;
  /** Milliseconds until the connection is given up. The command itself is not ended by that. */
  timeoutMs: number;
}

export interface ExecResult {
  /**
   * Exit status as the container runtime reports it: 128 + signal number when a signal ended the command. Undefined when
   * the connection ended without one. A 0 may also mean that the kubelet went away in the middle: the API server takes a
   * connection to it that ends for a success. A command whose end matters must say itself that it came to it.
   */
  code: number | undefined;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/** Streams of the protocol v5.channel.k8s.io (k8s.io/apimachinery/pkg/util/remotecommand). */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;
/** The only protocol in which standard input can end before the command does (Kubernetes 1.30 and newer). */
const CLOSING_PROTOCOL = 'v5.channel.k8s.io';
/** Bytes in one message. */
const CHUNK = 64 * 1024;

/** What the API server and the kubelet say when they could not even hand the command to the container runtime, which starts it only when the streams stand. */
const NOT_STARTED = [/error dialing backend/, /error sending request/, /container not found/, /unable to upgrade connection/, /container .* is not running/, /cannot exec in a (stopped|deleted) state/, /task .* not found/];

interface Status {
  status?: string;
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** How a connection ended, with what had come by then. */
interface Ended {
  /** Undefined when it was closed without one. */
  status: Status | undefined;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/** The part of a WebSocket that is used here. */
interface Socket {
  readonly protocol: string;
  send(data: Uint8Array): void;
  close(): void;
  addEventListener(type: 'close', listener: () => void): void;
}

/** The exit status in the Status object that ends an exec. Errors: NotStartedError, or EnvironmentError when something else than the command failed. */
export function exitCodeOf(status: Status, what: string): number {
  if (status.status === 'Success') return 0;
  const exit = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && exit !== undefined) return Number(exit);
  const message = status.message ?? 'no reason was given';
  if (NOT_STARTED.some((pattern) => pattern.test(message))) throw new NotStartedError(`${what} could not be started: ${message}`);
  throw new EnvironmentError(`${what} failed: ${message}; it is unknown whether the command finished`);
}

/**
 * Runs argv in a container and resolves its exit status and output. Errors: NotStartedError when nothing has run;
 * EnvironmentError when the time was over in the middle or the runtime failed, with the statement that the outcome is
 * unknown; ApiError when it is not permitted.
 */
export async function execInPod(config: KubeConfig, target: ExecTarget, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { Exec } = await import('@kubernetes/client-node');
  const what = `\`${argv.join(' ')}\` in pod ${target.namespace}/${target.pod}`;
  const query = new URLSearchParams({ container: target.container, stdin: String(options.stdin !== undefined), stdout: 'true', stderr: 'true', tty: 'false' });
  for (const word of argv) query.append('command', word);
  const path = `/api/v1/namespaces/${target.namespace}/pods/${target.pod}/exec?${query.toString()}`;
  // Only its connections are used: its streams neither tell how a connection ended nor keep bytes apart from text.
  // When a server closes a stream it would end `streams`, which by default are this process' own.
  const handler = Object.assign(new Exec(config).handler, { streams: { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() } });

  const ended = await new Promise<Ended>((resolve, reject) => {
    const output: Record<number, Uint8Array[]> = { [STDOUT]: [], [STDERR]: [] };
    let over = false;
    const end = (settle: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new EnvironmentError(`${what}: no answer within ${options.timeoutMs / 1000} s; it is unknown whether the command finished`))), options.timeoutMs);
    const finish = (status: Status | undefined): void => end(() => resolve({ status, stdout: Buffer.concat(output[STDOUT] ?? []), stderr: Buffer.concat(output[STDERR] ?? []) }));
    const receive = (stream: number, bytes: Buffer): boolean => {
      output[stream]?.push(bytes);
      if (stream !== STATUS || bytes.length === 0) return true;
      finish(JSON.parse(bytes.toString()) as Status);
      return false;
    };
    handler.connect(path, null, receive).then(
      (opened) => {
        const socket = opened as unknown as Socket;
        if (over) {
          socket.close();
          return;
        }
        socket.addEventListener('close', () => finish(undefined));
        if (options.stdin === undefined) return;
        if (socket.protocol !== CLOSING_PROTOCOL) {
          // Without an end of its input the command would wait for ever.
          end(() => reject(new EnvironmentError(`${what} needs an input that ends, which this API server cannot convey (it speaks ${socket.protocol})`, { hint: 'Kubernetes 1.30 or newer can; for an older one reach the hosts by --via ssh.' })));
          socket.close();
          return;
        }
        for (let at = 0; at < options.stdin.length; at += CHUNK) socket.send(Buffer.concat([Buffer.of(STDIN), options.stdin.subarray(at, at + CHUNK)]));
        socket.send(Buffer.of(CLOSE, STDIN));
      },
      (error: unknown) => end(() => reject(refusal(error, what, target, config))),
    );
  });
  return { code: ended.status === undefined ? undefined : exitCodeOf(ended.status, what), stdout: ended.stdout, stderr: ended.stderr };
}

/** The error for a connection that was never opened. */
function refusal(error: unknown, what: string, target: ExecTarget, config: KubeConfig): EnvironmentError {
  const message = (error as { message?: string }).message ?? String(error);
  const status = Number(/Unexpected server response: (\d+)/.exec(message)?.[1] ?? 0);
  const call: Call = { verb: 'get', object: `exec of Pod ${target.namespace}/${target.pod}`, resource: { group: '', plural: 'pods/exec' }, namespace: target.namespace };
  if (status === 401 || status === 403) return new ApiError(status, '', call, config.getCurrentCluster()?.server ?? '');
  return new NotStartedError(`${what} could not be started: ${message}`, { cause: error });
}
