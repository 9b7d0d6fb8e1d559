/** Interruptions that more than one kind of step announces. */
import type { Impact } from '../../types.ts';

/** A server's service restarts. With a single server nobody answers API requests meanwhile; with several, only connections to this one break. */
export function apiRestart(node: string, servers: number): Impact {
  return { classes: ['api-server'], scope: 'any', maxMs: 60_000, reason: servers === 1 ? 'the only API server restarts with its service' : `the API server on ${node} restarts; connections to it break` };
}
