/** The values of K3s' charts as far as a snapshot has them: HelmChart with its `set` and the HelmChartConfig of the same name, which counts (docs.k3s.io/helm). */
import { groupOf } from '../../cluster/snapshot/catalogue.ts';
import type { SnapshotIndex } from '../../cluster/snapshot/index-of.ts';
import { parseDocument } from '../../cluster/snapshot/parse.ts';
import { isRecord } from '../../cluster/fields.ts';
import type { KubeObject } from '../../cluster/objects.ts';

/** A chart's values from one place. */
export interface ChartValues {
  object: KubeObject;
  field: 'spec.valuesContent' | 'spec.set';
  values: Readonly<Record<string, unknown>>;
}

/** All of them, the one that counts most first. */
export function chartValues(index: SnapshotIndex): ChartValues[] {
  return (['HelmChartConfig', 'HelmChart'] as const).flatMap((kind) => index.objects(kind).filter(({ apiVersion }) => groupOf(apiVersion) === 'helm.cattle.io').flatMap((object): ChartValues[] => {
    const { valuesContent, set } = (object['spec'] ?? {}) as { valuesContent?: unknown; set?: unknown };
    const values = typeof valuesContent === 'string' ? parseDocument(valuesContent) : undefined;
    // K3s hands `set` to `helm --set`, which counts before the values.
    return [...(isRecord(set) ? [{ object, field: 'spec.set' as const, values: nested(set) }] : []), ...(isRecord(values) ? [{ object, field: 'spec.valuesContent' as const, values }] : [])];
  }));
}

/** `{'a.b': x, 'c[0]': y}` as `{a: {b: x}, c: [y]}`. */
function nested(set: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(set)) {
    const names = path.replace(/\[\d+\]$/, '').split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'));
    const last = names.pop();
    let at = root;
    for (const name of names) {
      const inner = isRecord(at[name]) && Object.hasOwn(at, name) ? at[name] : {};
      at = at[name] = inner;
    }
    if (last !== undefined && last !== '__proto__') at[last] = path.endsWith(']') ? [...(Array.isArray(at[last]) ? (at[last] as unknown[]) : []), value] : value;
  }
  return root;
}

/** The value at a path, if it is there. */
export function valueAt(values: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isRecord(at) && Object.hasOwn(at, name) ? at[name] : undefined), values);
}

/** Ranges of pods that charts hand to a CNI, for where the CNI's own settings are not in the snapshot. */
export function chartPodRanges(index: SnapshotIndex): { by: 'cilium' | 'calico' | 'flannel'; range: string; object: KubeObject; field: string }[] {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  return chartValues(index).flatMap(({ object, field, values }) => {
    const mode = valueAt(values, 'ipam', 'mode');
    const pools = valueAt(values, 'installation', 'calicoNetwork', 'ipPools');
    return [
      // Without a mode it is Helm's default, cluster-pool.
      ...(mode === undefined || mode === 'cluster-pool' ? [valueAt(values, 'ipam', 'operator', 'clusterPoolIPv4PodCIDRList'), valueAt(values, 'ipam', 'operator', 'clusterPoolIPv4PodCIDR')].flatMap(texts).map((range) => ({ by: 'cilium' as const, range, object, field: `${field} ipam.operator.clusterPoolIPv4PodCIDRList` })) : []),
      ...(Array.isArray(pools) ? pools : []).flatMap((pool: unknown) => texts(valueAt(pool, 'cidr'))).map((range) => ({ by: 'calico' as const, range, object, field: `${field} installation.calicoNetwork.ipPools` })),
      ...texts(valueAt(values, 'podCidr')).map((range) => ({ by: 'flannel' as const, range, object, field: `${field} podCidr` })),
    ];
  });
}
