/** Loads a kubeconfig the way kubectl does, but says so when there is none. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { UsageError } from '../core/errors.ts';

export interface ConnectOptions {
  /** Path of a kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or a pod's service account. */
  kubeconfig?: string;
  /** A context of that file. Default: its current context. */
  context?: string;
  /** Milliseconds for which an API server that cannot be reached is asked again, where repeating is harmless. Default 1500. */
  patienceMs?: number;
}

/** Where the service account token stands inside a pod. */
const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Loads and checks a kubeconfig. Errors: UsageError when the file, the context or its cluster is not there, or its server is reached without encryption. */
export async function loadKubeConfig(options: ConnectOptions): Promise<KubeConfig> {
  // The client library takes a third of a second to load, so only those who connect pay for it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const source = options.kubeconfig ?? defaultSource();
  try {
    if (options.kubeconfig !== undefined) config.loadFromFile(options.kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read the kubeconfig ${source}: ${reason}`, { hint: 'Name another with --kubeconfig.', cause: error });
  }
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null) {
      const names = config.getContexts().map((context) => context.name).join(', ') || 'none';
      throw new UsageError(`the kubeconfig ${source} has no context ${options.context}; it has: ${names}`);
    }
    config.setCurrentContext(options.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new UsageError(`the kubeconfig ${source} has no cluster for its context ${config.getCurrentContext() || '(none is current)'}.`, { hint: 'Choose a context with --context.' });
  }
  // The client library refuses at the first request, in words of its own.
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new UsageError(`the kubeconfig ${source} reaches cluster ${cluster.name} at ${cluster.server}, which is not encrypted: credentials would be sent in the clear.`, { hint: 'Use its https address; for a proxy on this machine, as `kubectl proxy`, set `insecure-skip-tls-verify: true` for this cluster.' });
  }
  return config;
}

function defaultSource(): string {
  const fromEnv = process.env['KUBECONFIG'];
  if (fromEnv !== undefined && fromEnv !== '') {
    const missing = fromEnv.split(delimiter).filter((path) => path !== '' && !existsSync(path));
    if (missing.length > 0) throw new UsageError(`KUBECONFIG names ${missing.join(', ')}, which is not there.`);
    return fromEnv;
  }
  const path = join(homedir(), '.kube', 'config');
  if (existsSync(path)) return path;
  if (existsSync(serviceAccountToken)) return '(service account of this pod)';
  // The library would quietly fall back to http://localhost:8080.
  throw new UsageError(`no kubeconfig: neither --kubeconfig nor KUBECONFIG is given, and ${path} is not there.`);
}
