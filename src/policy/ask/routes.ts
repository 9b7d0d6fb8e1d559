/** Where routes lead: from whoever opens the connections for them, which are the pods of their controller or gateway, to the pods behind their Services. */
import type { Engine } from '../compile/engine.ts';
import { backendsOf } from '../world/services.ts';
import type { Pod, Route, Service } from '../world/world.ts';
import type { Verdict } from './answer.ts';
import { answerService, targetAt } from './answer-service.ts';
import type { Directory, End } from './ends.ts';

/** A backend of a route that is known: a Service and one of its ports. */
interface Resolved {
  service: Service;
  port: number;
  matches: readonly string[];
}

/** The Services behind a route; sentences for what cannot be followed. */
export function resolve(route: Route, services: readonly Service[]): { found: Resolved[]; faults: string[] } {
  const [found, faults]: [Resolved[], string[]] = [[], []];
  const named = `${route.kind} ${route.id}`;
  for (const { service: id, port, fault, matches } of route.backends) {
    if (fault !== undefined) {
      faults.push(`${named}: ${fault}`);
      continue;
    }
    const service = services.find((one) => one.id === id);
    const target = service?.ports.find((one) => one.protocol === 'TCP' && (typeof port === 'string' ? one.name === port : one.port === port));
    if (service === undefined) faults.push(`${named} leads to Service ${id ?? ''}, which is not in the input`);
    else if (target === undefined) faults.push(`${named} leads to port ${port ?? '(none)'} of Service ${service.id}, which it does not have`);
    else found.push({ service, port: target.port, matches });
  }
  if (route.backends.length === 0) faults.push(`${named} leads to no Service`);
  return { found, faults };
}

/** The answers for a route: one per pod behind it, at its target port. `from` is who opens the connection: a pod of the controller. */
export function answerRoute(engine: Engine, directory: Directory, from: End, route: Route): { answers: Verdict[]; faults: string[] } {
  const { found, faults } = resolve(route, engine.state.world.services);
  const answers = found.flatMap(({ service, port, matches }) => {
    const through = answerService(engine, directory, from, service, 'TCP', port);
    if (typeof through !== 'string') return through.map((one) => ({ ...one, notes: [`Through ${route.kind} ${route.id} (${matches.join(', ')}).`, ...one.notes] }));
    faults.push(through);
    return [];
  });
  return { answers, faults };
}

export interface Led {
  route: Route;
  pod: Pod;
  port: number;
  /** Whether the pod lets in whoever the controller is: every end there may be, or some. */
  admits: 'everybody' | 'some';
}

/** Whom the policies of a pod let in at a port: its own node's traffic, which always comes in, does not count. */
function admission(engine: Engine, target: number, port: number): 'everybody' | 'some' | 'nobody' {
  const atom = engine.ports.atom('TCP', port);
  let [all, any] = [true, false];
  for (let source = 0; source < engine.universe.size; source += 1) {
    const { allow, depends } = engine.outcomes.get(engine.ingress.at(target, source));
    const isAllowed = engine.ports.sets.has(allow, atom);
    if (!isAllowed) all = false;
    if (isAllowed || engine.ports.sets.has(depends, atom)) any = true;
  }
  return all ? 'everybody' : any ? 'some' : 'nobody';
}

/** Everything that routes lead to and that lets anybody in. */
export function* ledTo(engine: Engine): Generator<Led> {
  const { routes, services, pods } = engine.state.world;
  const known = new Map<string, ReturnType<typeof admission>>();
  for (const route of routes) {
    for (const { service, port } of resolve(route, services).found) {
      for (const pod of backendsOf(service, pods)) {
        const target = targetAt(service, 'TCP', port, pod);
        if (target === undefined) continue;
        const index = engine.universe.ofPod(pod);
        const key = `${index} ${target.port}`;
        const admits = known.get(key) ?? admission(engine, index, target.port);
        known.set(key, admits);
        if (admits !== 'nobody') yield { route, pod, port: target.port, admits };
      }
    }
  }
}
