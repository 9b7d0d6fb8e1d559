/** The mesh's configuration document: one for all agents, each finds itself by node and kind. Validated by hand to keep the agent small. */
import { UsageError } from '../../core/errors.ts';
import type { CanaryExpectation } from '../types.ts';
import { DEFAULT_RATES } from './classes.ts';
import type { Rates } from './classes.ts';

export type AgentKind = 'pod' | 'host' | 'outside';

export interface Peer {
  /** `pod/NODE`, `host/NODE` or `outside`. */
  name: string;
  kind: AgentKind;
  node?: string;
  /** IPv4 or IPv6 literal. */
  address: string;
  /** Changes whenever the process behind the name does, so that its streams start anew. */
  id: string;
}

export interface MeshConfig {
  version: 1;
  /** Goes up by one with every change; agents take the highest they have seen. */
  revision: number;
  mesh: string;
  /** False stops all sending, while answering goes on. */
  probing: boolean;
  ports: { udp: number; tcp: number; canary: number; control: number };
  peers: Peer[];
  targets: {
    /** The mesh's own ClusterIP Service. */
    services: { name: string; address: string; port: number }[];
    /** Services of the user whose answer contains the value of the `nonce` query parameter. */
    http: { name: string; url: string }[];
    dns: { name: string; address: string; port: number; query: string; expect: string }[];
    api: { name: string; address: string; port: number; serverName: string; ca: string }[];
    /** NodePort of the mesh's Service, probed from outside at each address. */
    nodePorts: { node: string; address: string; port: number }[];
  };
  /** By node; a node that is not named is `either`. */
  canary: Record<string, CanaryExpectation>;
  rates: Rates;
}

/** Who an agent is: from its environment. */
export interface Self {
  name: string;
  kind: AgentKind;
  node?: string;
  /** Address its servers bind to. */
  address: string;
}

/** The endpoint name of an agent. */
export function agentName(kind: AgentKind, node: string | undefined): string {
  return kind === 'outside' ? 'outside' : `${kind}/${node ?? ''}`;
}

/** Parses and checks the document. Errors: UsageError naming the path inside it. */
export function parseMeshConfig(text: string): MeshConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('mesh configuration: not JSON', { cause });
  }
  const root = record(value, '$');
  if (root['version'] !== 1) fail('$.version', 'expected 1');
  const ports = record(root['ports'], '$.ports');
  const targets = record(root['targets'], '$.targets');
  const rates = record(root['rates'] ?? {}, '$.rates');
  return {
    version: 1,
    revision: number(root['revision'], '$.revision'),
    mesh: string(root['mesh'], '$.mesh'),
    probing: root['probing'] !== false,
    ports: {
      udp: port(ports['udp'], '$.ports.udp'),
      tcp: port(ports['tcp'], '$.ports.tcp'),
      canary: port(ports['canary'], '$.ports.canary'),
      control: port(ports['control'], '$.ports.control'),
    },
    peers: list(root['peers'], '$.peers', parsePeer),
    targets: {
      services: list(targets['services'] ?? [], '$.targets.services', (v, p) => ({ ...addressed(v, p), name: field(v, p, 'name') })),
      http: list(targets['http'] ?? [], '$.targets.http', (v, p) => ({ name: field(v, p, 'name'), url: field(v, p, 'url') })),
      dns: list(targets['dns'] ?? [], '$.targets.dns', (v, p) => ({ ...addressed(v, p), name: field(v, p, 'name'), query: field(v, p, 'query'), expect: field(v, p, 'expect') })),
      api: list(targets['api'] ?? [], '$.targets.api', (v, p) => ({ ...addressed(v, p), name: field(v, p, 'name'), serverName: field(v, p, 'serverName'), ca: field(v, p, 'ca') })),
      nodePorts: list(targets['nodePorts'] ?? [], '$.targets.nodePorts', (v, p) => ({ ...addressed(v, p), node: field(v, p, 'node') })),
    },
    canary: parseCanary(root['canary'] ?? {}),
    rates: parseRates(rates),
  };
}

function parsePeer(value: unknown, path: string): Peer {
  const peer = record(value, path);
  const kind = peer['kind'];
  if (kind !== 'pod' && kind !== 'host' && kind !== 'outside') fail(`${path}.kind`, 'expected pod, host or outside');
  const node = peer['node'];
  return {
    name: string(peer['name'], `${path}.name`),
    kind: kind,
    address: string(peer['address'], `${path}.address`),
    id: string(peer['id'], `${path}.id`),
    ...(typeof node === 'string' ? { node } : {}),
  };
}

function parseCanary(value: unknown): Record<string, CanaryExpectation> {
  const result: Record<string, CanaryExpectation> = {};
  for (const [node, expected] of Object.entries(record(value, '$.canary'))) {
    if (expected !== 'open' && expected !== 'denied' && expected !== 'either') fail(`$.canary.${node}`, 'expected open, denied or either');
    result[node] = expected;
  }
  return result;
}

function parseRates(value: Record<string, unknown>): Rates {
  const rates = { ...DEFAULT_RATES };
  for (const [key, rate] of Object.entries(value)) {
    if (!(key in rates)) fail(`$.rates.${key}`, `unknown; known are ${Object.keys(rates).join(', ')}`);
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1_000)) fail(`$.rates.${key}`, 'expected 0 to 1000 probes per second');
    rates[key as keyof Rates] = rate;
  }
  return rates;
}

function addressed(value: unknown, path: string): { address: string; port: number } {
  const target = record(value, path);
  return { address: string(target['address'], `${path}.address`), port: port(target['port'], `${path}.port`) };
}

function field(value: unknown, path: string, key: string): string {
  return string(record(value, path)[key], `${path}.${key}`);
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'expected an object');
  return value as Record<string, unknown>;
}

function list<T>(value: unknown, path: string, parse: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) fail(path, 'expected a list');
  return (value as unknown[]).map((item, index) => parse(item, `${path}[${index}]`));
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') fail(path, 'expected a string that is not empty');
  return value;
}

function number(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) fail(path, 'expected a whole number');
  return value;
}

function port(value: unknown, path: string): number {
  const result = number(value, path);
  if (result > 65_535) fail(path, 'expected a port number');
  return result;
}

function fail(path: string, problem: string): never {
  throw new UsageError(`mesh configuration: ${path}: ${problem}`);
}
