/** Interruptions that more than one kind of step announces. */
import { PROBE_CLASSES } from '../../../probe/types.ts';
import type { Impact } from '../../types.ts';

/** A server's service restarts. With a single server nobody answers API requests meanwhile; with several, only connections to this one break. */
export function apiRestart(node: string, servers: number): Impact {
  return { classes: ['api-server'], scope: 'any', maxMs: 60_000, reason: servers === 1 ? 'the only API server restarts with its service' : `the API server on ${node} restarts; connections to it break` };
}

/** Where there is one node only, nothing of the pod network answers from the moment its pods go until the gate. */
export function everythingStops(node: string, maxMs: number): Impact {
  return { classes: [...PROBE_CLASSES], scope: 'either', node, maxMs, reason: `all pods on the pod network restart once, and with them every Service and DNS: ${node} is the only node, so none can run elsewhere meanwhile` };
}
