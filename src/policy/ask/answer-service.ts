/** Answers for Services: what is asked is the pod behind one, at its port. */
import type { Engine } from '../compile/engine.ts';
import type { Protocol } from '../model/ports.ts';
import { backendsOf } from '../world/services.ts';
import type { Pod, Service } from '../world/world.ts';
import { answer, combine, type Verdict } from './answer.ts';
import { decide } from './decide.ts';
import type { Directory, End } from './ends.ts';
import { rewritten, type Through } from './rewritten.ts';

/** A port of a service at one of its backends; undefined where the backend has no port of the name. */
export function targetAt(service: Service, protocol: Protocol, port: number, backend: Pod): { protocol: Protocol; port: number } | undefined {
  const found = service.ports.find((one) => one.port === port && one.protocol === protocol);
  if (found === undefined) return undefined;
  if (typeof found.target === 'number') return { protocol, port: found.target };
  const named = backend.ports.find((one) => one.name === found.target && one.protocol === protocol);
  return named === undefined ? undefined : { protocol, port: named.port };
}

/** The answers for a service: one per backend, at its target port, unless it hangs on what policies see of the service. */
export function answerService(engine: Engine, directory: Directory, from: End, service: Service, protocol: Protocol, port: number): Verdict[] | string {
  const backends = backendsOf(service, engine.state.world.pods);
  if (!service.ports.some((one) => one.port === port && one.protocol === protocol)) return `Service ${service.id} has no port ${protocol} ${port}`;
  if (backends.length === 0) return `Service ${service.id} has no pods behind it`;
  const answers = backends.flatMap((pod) => {
    const target = targetAt(service, protocol, port, pod);
    return target === undefined ? [] : viaService(answerBackend(engine, from, directory.ofPod(pod), target, { service, port }), service);
  });
  return answers.length === 0 ? `no pod behind Service ${service.id} has a port of the name that it points to` : answers;
}

function answerBackend(engine: Engine, from: End, to: End, target: { protocol: Protocol; port: number }, through: Through): Verdict {
  const own = from.kind === 'pod' && to.kind === 'pod' && from.pod === to.pod;
  // Through a service a pod does not reach its own address but comes back from outside: policies may be asked.
  if (own) return hairpin(engine, from, to, target);
  const verdict = answer(engine, from, to, target.protocol, target.port);
  const why = rewritten(engine, verdict, through);
  return why === undefined ? verdict : { ...verdict, verdict: 'depends', basis: 'undefined', notes: [...verdict.notes, `Depends on: ${why}.`] };
}

function hairpin(engine: Engine, from: End, to: End, { protocol, port }: { protocol: Protocol; port: number }): Verdict {
  const { value, source } = engine.state.enforcer.hairpin;
  const atom = engine.ports.atom(protocol, port);
  const egress = decide(engine, engine.egress.side, from.class, to.class, atom);
  const ingress = decide(engine, engine.ingress.side, to.class, from.class, atom);
  const judged = combine(egress.answer, ingress.answer);
  const verdict = value === 'allowed' || judged === 'allow' ? 'allow' : value === 'policy' ? judged : 'depends';
  const notes = verdict === 'depends' ? [`Depends on: whether policies apply to a pod that reaches itself through a Service (${source}).`] : [];
  return { from, to, protocol, port, verdict, basis: verdict === 'depends' ? 'undefined' : 'policy', egress, ingress, notes };
}

const viaService = (verdict: Verdict, service: Service): Verdict => ({ ...verdict, notes: [`Through Service ${service.id} to ${verdict.to.name} port ${verdict.port}.`, ...verdict.notes] });
