/** Makes a snapshot of a live cluster: every kind of the catalogue, page by page, and the facts of every host. */
import type { Unknown } from '../../core/finding.ts';
import { ApiError } from '../api-error.ts';
import type { KubeObject, ListQuery } from '../objects.ts';
import type { Catalogue, KindSpec } from './catalogue.ts';
import type { HostFacts } from './host-facts.ts';
import { ignoreRemarks } from './ignore-remark.ts';
import { assemble, type Entry, type Snapshot } from './model.ts';
import { Redactor } from './redact.ts';

/** The part of the client that is needed. */
export interface ObjectSource {
  readonly endpoint: string;
  serves(apiVersion: string, kind: string): Promise<boolean>;
  pages(query: ListQuery): AsyncIterable<KubeObject[]>;
}

export interface CollectOptions {
  source: ObjectSource;
  catalogue: Catalogue;
  /** Reads the facts of a node's host and does not reject for what it cannot read; absent when hosts are not to be reached, because of `whyNoHosts`. */
  hostFacts?: (node: string) => Promise<HostFacts>;
  whyNoHosts?: string;
  tool: string;
  now: Date;
  /** Told what is being read. */
  waiting?: (what: string) => void;
}

/** Hosts that are read at once. */
const HOSTS_AT_ONCE = 8;

/** Collects. Errors: UnreachableError when the API server does not answer; everything that is merely refused becomes `unknown`. */
export async function collectSnapshot(options: CollectOptions): Promise<Snapshot> {
  const { source, catalogue, tool, now, waiting = () => undefined } = options;
  const redactor = new Redactor(catalogue);
  const entries: Entry[] = [];
  const unknown: Unknown[] = [];
  for (const spec of catalogue.kinds) {
    waiting(spec.kind);
    const refused = await collectKind(source, spec, redactor, entries);
    if (refused !== undefined) unknown.push(refused);
  }
  const nodes = entries.filter(({ object }) => object.kind === 'Node').map(({ object }) => object.metadata.name);
  const hosts = await collectHosts(nodes, options, unknown, waiting);
  return assemble({ tool, collectedAt: now.toISOString(), source: 'live', from: [source.endpoint], entries, hosts, unlisted: unlistedKinds(entries, redactor), unknown });
}

/** Collects one kind from the best version that is served; what is unknown when it is refused. */
async function collectKind(source: ObjectSource, { group, kind, versions }: KindSpec, redactor: Redactor, entries: Entry[]): Promise<Unknown | undefined> {
  try {
    for (const version of versions) {
      const apiVersion = group === '' ? version : `${group}/${version}`;
      if (!(await source.serves(apiVersion, kind))) continue;
      for await (const page of source.pages({ apiVersion, kind })) for (const one of page) take(one, redactor, entries);
      return undefined;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { what: `objects of kind ${kind}${group === '' ? '' : ` of ${group}`}`, why: `${error.said}${error.hint === undefined ? '' : `. ${error.hint}`}` };
  }
}

function take(one: KubeObject, redactor: Redactor, entries: Entry[]): void {
  const kept = redactor.redact(one);
  if (!('object' in kept)) return;
  const ignores = ignoreRemarks('', kept.object);
  entries.push({ object: kept.object, ...(ignores.length === 0 ? {} : { ignores }) });
}

async function collectHosts(nodes: readonly string[], { hostFacts, whyNoHosts = 'hosts were not read' }: CollectOptions, unknown: Unknown[], waiting: (what: string) => void): Promise<HostFacts[]> {
  if (hostFacts === undefined) {
    unknown.push({ what: 'facts of hosts', why: whyNoHosts });
    return [];
  }
  const hosts: HostFacts[] = [];
  for (let at = 0; at < nodes.length; at += HOSTS_AT_ONCE) {
    const batch = nodes.slice(at, at + HOSTS_AT_ONCE);
    waiting(`hosts ${batch.join(', ')}`);
    hosts.push(...(await Promise.all(batch.map(hostFacts))));
  }
  return hosts;
}

/** Kinds that CRDs define and the catalogue does not know: they are named, not counted. */
function unlistedKinds(entries: readonly Entry[], redactor: Redactor): Snapshot['unlisted'] {
  return entries.flatMap(({ object }) => {
    const spec = object['spec'] as { group?: string; names?: { kind?: string } } | undefined;
    if (object.kind !== 'CustomResourceDefinition' || spec?.group === undefined || spec.names?.kind === undefined) return [];
    return redactor.knows(`${spec.group}/v1`, spec.names.kind) ? [] : [{ apiVersion: spec.group, kind: spec.names.kind }];
  });
}
