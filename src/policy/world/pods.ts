/** Pods of the input: those that run, and one for each workload of which only the template is known. */
import { at, fields, list, strings, text, whole, type Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { ContainerPort, Pod } from './world.ts';

/** Where the pod template of each kind of workload stands. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** No containers are left to talk (Pod lifecycle: phase Succeeded, Failed). */
const OVER = new Set(['Succeeded', 'Failed']);

const namespaceOf = (object: LoadedObject): string => object.namespace ?? 'default';
const refOf = (kind: string, namespace: string, name: string): string => `${namespace}/${name}[${kind}]`;

/** Named ports of all containers, sidecars (init containers that restart) included. */
function portsOf(spec: Fields): ContainerPort[] {
  const sidecars = list(spec['initContainers']).filter((one) => at(one, 'restartPolicy') === 'Always');
  return [...list(spec['containers']), ...sidecars].flatMap((container) =>
    list(at(container, 'ports')).flatMap((port) => {
      const [name, number] = [text(at(port, 'name')), whole(at(port, 'containerPort'))];
      return name === undefined || number === undefined ? [] : [{ name, port: number, protocol: text(at(port, 'protocol')) ?? 'TCP' }];
    }));
}

interface Owner {
  kind: string;
  name: string;
}

function ownerOf(object: LoadedObject): Owner | undefined {
  const references = list(at(object.body, 'metadata', 'ownerReferences'));
  const owner = fields(references.find((one) => at(one, 'controller') === true) ?? references[0]);
  const [kind, name] = [text(owner['kind']), text(owner['name'])];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

/** The name without the hash that the Deployment controller appends (label pod-template-hash). */
function withoutHash(owner: Owner, labels: Readonly<Record<string, string>>): Owner {
  const hash = labels['pod-template-hash'];
  const ending = `-${hash ?? ''}`;
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(ending) ? { kind: 'Deployment', name: owner.name.slice(0, -ending.length) } : owner;
}

function podOf(object: LoadedObject, template: Fields, workload: string): Pod {
  const namespace = namespaceOf(object);
  const spec = fields(template['spec']);
  const status = object.kind === 'Pod' ? fields(object.body['status']) : {};
  const addresses = [text(status['podIP']), ...list(status['podIPs']).map((one) => text(at(one, 'ip')))].filter((one) => one !== undefined);
  return {
    id: `${namespace}/${object.name}`, namespace, name: object.name,
    labels: strings(at(template, 'metadata', 'labels')),
    addresses: [...new Set(addresses)],
    hostNetwork: spec['hostNetwork'] === true,
    node: text(spec['nodeName']),
    serviceAccount: text(spec['serviceAccountName']) ?? text(spec['serviceAccount']) ?? 'default',
    ports: portsOf(spec),
    workload, origin: object.origin,
  };
}

/** All pods, sorted by id: running ones, and one per workload of which no pod is in the input. */
export function podsOf(objects: readonly LoadedObject[]): Pod[] {
  const workloads = objects.filter((one) => TEMPLATES[one.kind] !== undefined);
  const owners = new Map(workloads.map((one) => [refOf(one.kind, namespaceOf(one), one.name), ownerOf(one)]));
  const top = (namespace: string, owner: Owner, labels: Readonly<Record<string, string>>): Owner => {
    const above = owners.get(refOf(owner.kind, namespace, owner.name));
    return above === undefined ? withoutHash(owner, labels) : top(namespace, above, labels);
  };
  const pods: Pod[] = [];
  const seen = new Set<string>();
  for (const object of objects) {
    if (object.kind !== 'Pod') continue;
    const namespace = namespaceOf(object);
    const owner = ownerOf(object);
    const labels = strings(at(object.body, 'metadata', 'labels'));
    const maker = owner === undefined ? { kind: 'Pod', name: object.name } : top(namespace, owner, labels);
    const workload = refOf(maker.kind, namespace, maker.name);
    seen.add(workload);
    if (!OVER.has(String(at(object.body, 'status', 'phase')))) pods.push(podOf(object, object.body, workload));
  }
  for (const object of workloads) {
    const namespace = namespaceOf(object);
    const owner = ownerOf(object);
    const maker = owner === undefined ? { kind: object.kind, name: object.name } : top(namespace, owner, strings(at(object.body, 'metadata', 'labels')));
    const workload = refOf(maker.kind, namespace, maker.name);
    // What another workload of the input owns is described by that one; what runs is described by its pods.
    if (seen.has(workload) || (owner !== undefined && owners.has(workload))) continue;
    seen.add(workload);
    pods.push(podOf(object, fields(at(object.body, ...(TEMPLATES[object.kind] ?? []))), workload));
  }
  return pods.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.workload < b.workload ? -1 : 1));
}
