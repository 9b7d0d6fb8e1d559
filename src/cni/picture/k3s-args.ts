/** K3s' arguments of one node, from its annotation or its host's configuration. */
import { defaults } from '../../distro/k3s/settings.ts';
import type { NodeObject } from '../../cluster/objects.ts';
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import { parseDocument } from '../../cluster/snapshot/parse.ts';

export const NODE_ARGS = 'k3s.io/node-args';

/** One argument and where it was seen. */
export interface Argument { value: string; source: string }

export interface K3sNode {
  node: string;
  role: 'server' | 'agent';
  /** By name without dashes; flags that may be repeated have several values. */
  args: Map<string, Argument[]>;
}

/** Words `server --a b --c=d` by name. */
export function parseWords(words: readonly string[]): Map<string, string[]> {
  const args = new Map<string, string[]>();
  for (let at = 0; at < words.length; at++) {
    const match = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(words[at] ?? '');
    if (match?.[1] === undefined) continue;
    const next = words[at + 1];
    const value = match[2] ?? (next === undefined || next.startsWith('-') ? 'true' : next);
    args.set(match[1], [...(args.get(match[1]) ?? []), value]);
  }
  return args;
}

/** A node's arguments; undefined when it is no K3s node, or does not say. The host's files count where both are there: they say what the next start will use. */
export function k3sNode(node: NodeObject, host: HostFacts | undefined): K3sNode | undefined {
  const name = node.metadata.name;
  const words = parseDocument(node.metadata.annotations?.[NODE_ARGS] ?? '');
  const list = Array.isArray(words) ? words.map(String) : undefined;
  const configured = host?.distribution?.name === 'k3s' ? host.distribution : undefined;
  if (list === undefined && configured === undefined) return undefined;
  const args = new Map<string, Argument[]>();
  for (const [flag, values] of parseWords(list ?? [])) args.set(flag, values.map((value) => ({ value, source: `Node ${name} annotation ${NODE_ARGS}` })));
  for (const [flag, { value, source }] of Object.entries(configured?.settings ?? {})) args.set(flag, [{ value, source }]);
  return { node: name, role: list?.[0] === 'server' || configured?.role === 'server' ? 'server' : 'agent', args };
}

/** What a server's setting is, K3s' default included. */
export function setting(server: K3sNode, name: keyof typeof defaults | 'disable-network-policy' | 'disable-kube-proxy' | 'flannel-iface'): Argument | undefined {
  const given = server.args.get(name)?.at(-1);
  const standard = Object.entries(defaults).find(([key]) => key === name)?.[1];
  return given ?? (standard === undefined ? undefined : { value: standard, source: `default of K3s (server ${server.node} does not say)` });
}

/** Components that a server was told to leave out (`--disable`, with commas or repeated). */
export function disabled(server: K3sNode): string[] {
  return (server.args.get('disable') ?? []).flatMap(({ value }) => value.split(',').map((one) => one.trim()));
}
