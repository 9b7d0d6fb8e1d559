/** Finds the ends of a connection that a question names: pods, workloads, nodes, services, addresses. */
import type { Engine } from '../compile/engine.ts';
import { parseAddress } from '../model/block.ts';
import type { Node, Pod, Route, Service } from '../world/world.ts';

export type End =
  | { kind: 'pod'; pod: Pod; class: number; name: string }
  | { kind: 'node'; node: Node; class: number; name: string }
  | { kind: 'address'; class: number; name: string };

/** What a name stands for: one end, or those of a workload, a service or a route. */
export type Named =
  | { kind: 'ends'; ends: readonly End[] }
  | { kind: 'service'; service: Service; name: string }
  | { kind: 'route'; route: Route; name: string }
  | { kind: 'unknown'; why: string };

/** Whether a name is that of a route: an end at which the port is not that of the question but that of the backend. */
export const isRouteName = (name: string): boolean => /^(?:ingress|httproute|grpcroute|tcproute|tlsroute):/.test(name);

/** Looks names up; made once per engine, because questions come by the hundred thousand. */
export class Directory {
  readonly #engine: Engine;
  readonly #known = new Map<string, Named>();
  readonly #pods = new Map<string, Pod[]>();
  readonly #workloads = new Map<string, Pod[]>();
  readonly #addresses = new Map<string, Named>();

  constructor(engine: Engine) {
    this.#engine = engine;
    const { pods, nodes, services } = engine.state.world;
    const push = (map: Map<string, Pod[]>, key: string, pod: Pod): void => {
      const list = map.get(key);
      if (list === undefined) map.set(key, [pod]);
      else list.push(pod);
    };
    for (const pod of pods) {
      push(this.#pods, pod.id, pod);
      push(this.#workloads, pod.workload, pod);
      push(this.#workloads, pod.workload.replace(/\[\w+\]$/, ''), pod);
    }
    for (const service of services) for (const text of service.addresses) this.#addresses.set(keyOf(text), { kind: 'service', service, name: `Service ${service.id}` });
    for (const node of nodes) for (const text of node.addresses) this.#addresses.set(keyOf(text), { kind: 'ends', ends: [this.ofNode(node)] });
    // A pod in its node's network shares the node's address: that names the node.
    for (const pod of pods) if (!pod.hostNetwork) for (const text of pod.addresses) this.#addresses.set(keyOf(text), { kind: 'ends', ends: [this.ofPod(pod)] });
  }

  ofPod(pod: Pod): End {
    return { kind: 'pod', pod, class: this.#engine.universe.ofPod(pod), name: pod.id };
  }

  ofNode(node: Node): End {
    return { kind: 'node', node, class: this.#engine.universe.ofNode(node), name: `node ${node.name}` };
  }

  /**
   * What a name stands for: `NAMESPACE/POD`, `NAMESPACE/WORKLOAD` with or without `[Kind]`,
   * `service:NAMESPACE/NAME`, a route such as `ingress:NAMESPACE/NAME`, a node's name (also `node:NAME`), an address.
   */
  find(name: string): Named {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = this.#look(name);
    this.#known.set(name, made);
    return made;
  }

  #look(name: string): Named {
    const { nodes, routes, services } = this.#engine.state.world;
    if (isRouteName(name)) {
      const route = routes.find((one) => one.name === name);
      return route === undefined ? { kind: 'unknown', why: `there is no ${name} in the input` } : { kind: 'route', route, name: `${route.kind} ${route.id}` };
    }
    const service = /^(?:service|svc):(.+)$/.exec(name)?.[1];
    if (service !== undefined) {
      const found = services.find((one) => one.id === service);
      return found === undefined ? { kind: 'unknown', why: `there is no Service ${service} in the input` } : { kind: 'service', service: found, name: `Service ${service}` };
    }
    const address = parseAddress(name);
    if (address !== undefined) {
      return this.#addresses.get(keyOf(name)) ?? { kind: 'ends', ends: [{ kind: 'address', class: this.#engine.universe.ofAddress(this.#engine.addresses.classOf(address)), name }] };
    }
    if (name.includes('/')) {
      const pods = this.#pods.get(name) ?? this.#workloads.get(name);
      return pods === undefined
        ? { kind: 'unknown', why: `there is no pod or workload ${name} in the input` }
        : { kind: 'ends', ends: pods.map((pod) => this.ofPod(pod)) };
    }
    const plain = name.replace(/^node:/, '');
    const node = nodes.find((one) => one.name === plain);
    return node === undefined
      ? { kind: 'unknown', why: `${JSON.stringify(name)} is no address and no node of the input; pods are named NAMESPACE/POD` }
      : { kind: 'ends', ends: [this.ofNode(node)] };
  }
}

/** One spelling for each address. */
function keyOf(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : `${address.width} ${address.value}`;
}
