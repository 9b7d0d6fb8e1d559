/** Endpoint names as they stand in samples, and what they say. */
import type { Endpoint } from './types.ts';

/** By the part of a name before its slash; a NodePort is probed at a host. */
const KINDS: Readonly<Record<string, Endpoint['kind']>> = { pod: 'pod', host: 'host', 'node-port': 'host', service: 'service', dns: 'dns', api: 'api' };

/** Takes a name apart (`pod/worker-1`, `service/shop`, `outside`); undefined when it is none. */
function parseEndpoint(name: string): Endpoint | undefined {
  if (name === 'outside') return { kind: 'outside', name };
  const slash = name.indexOf('/');
  const kind = KINDS[name.slice(0, Math.max(0, slash))];
  if (kind === undefined) return undefined;
  return kind === 'pod' || kind === 'host' ? { kind, name, node: name.slice(slash + 1) } : { kind, name };
}

/** The node an endpoint lives on (`pod/worker-1` → `worker-1`); undefined for Services, DNS, the API server and `outside`. */
export function endpointNode(name: string): string | undefined {
  return parseEndpoint(name)?.node;
}
