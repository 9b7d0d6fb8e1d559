/** A snapshot as rules look at it: the picture of the cluster, pods and Services by name, and evidence that names its source. */
import type { Evidence } from '../core/evidence.ts';
import { describeRef, internalIp, type KubeObject, type NodeObject } from '../cluster/objects.ts';
import { selects, type LabelSelector } from '../cluster/selector.ts';
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import type { SnapshotIndex } from '../cluster/snapshot/index-of.ts';
import type { Snapshot } from '../cluster/snapshot/model.ts';
import type { EndpointSliceObject, Pod, ServiceObject, Workload } from '../cluster/snapshot/typed.ts';
import { pictureOf, type Picture } from '../cni/picture/picture.ts';
import type { Range } from '../cni/picture/ranges.ts';

/** `Kind namespace/name`. */
export function subjectOf(object: KubeObject): string {
  return describeRef({ kind: object.kind, ...object.metadata });
}

export class View {
  readonly picture: Picture;
  readonly index: SnapshotIndex;
  readonly snapshot: Snapshot;
  readonly hosts: readonly HostFacts[];
  readonly nodes: readonly NodeObject[];
  /** Pods that have not ended. */
  readonly pods: readonly Pod[];
  /** Of those, the ones that have an address of the pod network, or will get one. */
  readonly netPods: readonly Pod[];
  readonly services: readonly ServiceObject[];
  readonly #podsByNamespace: Map<string, Pod[]>;
  readonly #slices: Map<string, EndpointSliceObject[]>;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.picture = pictureOf(snapshot);
    this.index = this.picture.index;
    this.hosts = snapshot.hosts.filter((host) => host.kernel !== undefined || Object.keys(host).length > 3);
    this.nodes = this.picture.nodes;
    this.pods = this.index.objects<Pod>('Pod').filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
    this.netPods = this.pods.filter(({ spec }) => spec?.hostNetwork !== true);
    this.services = this.index.objects<ServiceObject>('Service');
    this.#podsByNamespace = Map.groupBy(this.pods, ({ metadata }) => metadata.namespace ?? '');
    this.#slices = Map.groupBy(this.index.objects<EndpointSliceObject>('EndpointSlice'), ({ metadata }) => `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`);
  }

  /** Pods of a namespace that a selector selects. */
  podsOf(namespace: string, selector: LabelSelector | undefined): Pod[] {
    return (this.#podsByNamespace.get(namespace) ?? []).filter((pod) => selects(selector, pod));
  }

  /** Pods behind a Service; none for one without a selector. */
  backends(service: ServiceObject): Pod[] {
    const selector = service.spec?.selector;
    return selector === undefined || Object.keys(selector).length === 0 ? [] : this.podsOf(service.metadata.namespace ?? '', { matchLabels: selector });
  }

  /** EndpointSlices of a Service. */
  slices(service: ServiceObject): readonly EndpointSliceObject[] {
    return this.#slices.get(`${service.metadata.namespace ?? ''}/${service.metadata.name}`) ?? [];
  }

  /** The address of a node. */
  addressOf(node: NodeObject): string | undefined {
    return internalIp(node);
  }

  /** Deployments, StatefulSets and DaemonSets. */
  workloads(): Workload[] {
    return ['Deployment', 'StatefulSet', 'DaemonSet'].flatMap((kind) => [...this.index.objects<Workload>(kind)]);
  }

  /** Ranges of a use; of certain sources only where `by` is given. */
  ranges(use: Range['use'], ...by: Range['by'][]): Range[] {
    return this.picture.ranges.filter((range) => range.use === use && (by.length === 0 || by.includes(range.by)));
  }

  /** Prefixes that pods get their addresses from, each once. */
  podRanges(): string[] {
    return [...new Set(this.ranges('pod').map(({ range }) => range))];
  }

  /** What was seen in a field of an object. */
  seen(object: KubeObject, field: string, excerpt: unknown, level: Evidence['level'] = 'observed'): Evidence {
    const place = this.index.entryOf(object)?.place;
    return { source: `${subjectOf(object)} ${field}`.trim(), ...this.#when(), ...(place === undefined ? {} : { place }), excerpt: textOf(excerpt), level };
  }

  /** What was seen on a host. */
  onHost(host: HostFacts, what: string, excerpt: unknown, level: Evidence['level'] = 'observed'): Evidence {
    return { source: `host ${host.node}: ${what}`, ...(host.observedAt === undefined ? {} : { observedAt: host.observedAt }), excerpt: textOf(excerpt), level };
  }

  /** A range and who says so. */
  rangeSeen({ range, source, object }: Range): Evidence {
    const place = object === undefined ? undefined : this.index.entryOf(object)?.place;
    return { source, ...this.#when(), ...(place === undefined ? {} : { place }), excerpt: range, level: source.startsWith('default') || source.includes('default of') ? 'derived' : 'observed' };
  }

  /** What follows from something, in words. */
  derived(source: string, excerpt: unknown, level: Evidence['level'] = 'derived'): Evidence {
    return { source, excerpt: textOf(excerpt), level };
  }

  #when(): { observedAt?: string } {
    return this.snapshot.source === 'live' ? { observedAt: this.snapshot.collectedAt } : {};
  }
}

const MAX_EXCERPT = 300;
function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'not set');
  return text.length <= MAX_EXCERPT ? text : `${text.slice(0, MAX_EXCERPT)}…`;
}
