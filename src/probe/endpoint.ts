/** Endpoint names as they stand in samples, and the node behind each. */

const NODE_KINDS: ReadonlySet<string> = new Set(['pod', 'host', 'node-port']);

/** The node an endpoint name lives on (`pod/worker-1` → `worker-1`); undefined for Services, DNS, the API server and `outside`. */
export function endpointNode(name: string): string | undefined {
  const slash = name.indexOf('/');
  if (slash < 0 || !NODE_KINDS.has(name.slice(0, slash))) return undefined;
  return name.slice(slash + 1);
}
