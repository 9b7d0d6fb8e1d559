/** Pods of the input: those that run, and one for each workload of which only the template is known. */
import { at, fields, list, strings, text, whole, type Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import { namespaceOf, Owners, workloadRef } from './owners.ts';
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

/** Named ports of all containers, sidecars (init containers that restart) included. */
function portsOf(spec: Fields): ContainerPort[] {
  const sidecars = list(spec['initContainers']).filter((one) => at(one, 'restartPolicy') === 'Always');
  return [...list(spec['containers']), ...sidecars].flatMap((container) =>
    list(at(container, 'ports')).flatMap((port) => {
      const [name, number] = [text(at(port, 'name')), whole(at(port, 'containerPort'))];
      return name === undefined || number === undefined ? [] : [{ name, port: number, protocol: text(at(port, 'protocol')) ?? 'TCP' }];
    }));
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
  const owners = new Owners(workloads);
  const pods: Pod[] = [];
  const seen = new Set<string>();
  const workloadOf = (object: LoadedObject): string => {
    const { kind, name } = owners.maker(object);
    return workloadRef(kind, namespaceOf(object), name);
  };
  for (const object of objects) {
    if (object.kind !== 'Pod') continue;
    const workload = workloadOf(object);
    const over = OVER.has(String(at(object.body, 'status', 'phase')));
    // A Job whose pods have ended has ended; other workloads replace theirs.
    if (!over || /\[(?:Job|CronJob|Pod)\]$/.test(workload)) seen.add(workload);
    if (!over) pods.push(podOf(object, object.body, workload));
  }
  for (const object of workloads) {
    const workload = workloadOf(object);
    const own = workload === workloadRef(object.kind, namespaceOf(object), object.name);
    // What another workload of the input owns is described by that one; what runs is described by its pods.
    if (seen.has(workload) || (!own && owners.has(workload))) continue;
    seen.add(workload);
    pods.push(podOf(object, fields(at(object.body, ...(TEMPLATES[object.kind] ?? []))), workload));
  }
  return pods.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.workload < b.workload ? -1 : 1));
}
