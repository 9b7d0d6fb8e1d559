/** All policies of the input, translated to the stages in which an enforcer asks them. */
import type { Dialect, Enforcer } from '../enforcers/enforcer.ts';
import type { LoadedObject, Problem } from '../input/object.ts';
import { lineOf } from '../input/position.ts';
import { ALL } from '../model/match.ts';
import { LAST_PORT, PROTOCOLS, TRANSPORTS } from '../model/ports.ts';
import type { Isolation, Rule, Stage } from '../model/rules.ts';
import { parseNetworkPolicy, policyName, type ParsedPolicy } from './network-policy.ts';

export interface Policies {
  stages: Stage[];
  problems: Problem[];
}

/** The dialect that an object belongs to; undefined for what is no policy. */
export function dialectOf({ apiVersion, kind }: Pick<LoadedObject, 'apiVersion' | 'kind'>): Dialect | undefined {
  const [group] = apiVersion.split('/');
  if (group === 'networking.k8s.io') return kind === 'NetworkPolicy' ? 'kubernetes' : undefined;
  if (group === 'extensions') return kind === 'NetworkPolicy' ? 'kubernetes' : undefined;
  if (group === 'policy.networking.k8s.io') return 'admin';
  if (group === 'projectcalico.org' || group === 'crd.projectcalico.org') return /Policy$/.test(kind) ? 'calico' : undefined;
  return group === 'cilium.io' && /NetworkPolicy$/.test(kind) ? 'cilium' : undefined;
}

/** What a parser found wrong, at its line in the file. */
export function problemsOf(object: LoadedObject, { issues }: Pick<ParsedPolicy, 'issues'>): Problem[] {
  const refused = issues.some((issue) => issue.severity === 'error');
  return issues.map(({ severity, path, message }) => ({
    severity, file: object.origin.file, line: lineOf(object.origin, path), subject: policyName(object),
    message: severity === 'error' && refused ? `refused: ${message}` : message,
  }));
}

/** Other protocols of isolated pods, where nobody promises anything about them. */
function undefinedProtocols(isolations: readonly Isolation[], source: string): Rule[] {
  const items = PROTOCOLS.filter((protocol) => !TRANSPORTS.includes(protocol)).map((protocol) => ({ protocol, from: 0, to: LAST_PORT }));
  return isolations.map(({ policy, path, direction, subject }) => ({
    policy, path, direction, subject, peer: ALL, ports: { include: items, exclude: [] }, action: 'allow', implied: true,
    condition: `protocols other than TCP, UDP and SCTP (${source})`,
  }));
}

const removed = (object: LoadedObject): Problem => ({
  severity: 'error', file: object.origin.file, line: object.origin.line, subject: policyName(object),
  message: `refused: no API server since 1.16 serves ${object.apiVersion}; expected networking.k8s.io/v1`,
});

/** Parses the policies that the enforcer acts on; the others become warnings, because they are inert. */
export function readPolicies(objects: readonly LoadedObject[], enforcer: Enforcer): Policies {
  const problems: Problem[] = [];
  const stage = { name: 'NetworkPolicy', rules: [] as Rule[], isolations: [] as Isolation[], unordered: true };
  const inert = new Map<Dialect, LoadedObject[]>();
  for (const object of objects) {
    const dialect = dialectOf(object);
    if (dialect === undefined) continue;
    if (dialect !== 'kubernetes') {
      inert.set(dialect, [...(inert.get(dialect) ?? []), object]);
      continue;
    }
    if (object.apiVersion !== 'networking.k8s.io/v1') {
      problems.push(removed(object));
      continue;
    }
    const parsed = parseNetworkPolicy(object);
    problems.push(...problemsOf(object, parsed));
    if (!enforcer.enforces.value.includes('kubernetes')) continue;
    stage.rules.push(...parsed.rules);
    stage.isolations.push(...parsed.isolations);
  }
  if (enforcer.otherProtocols.value === 'undefined') stage.rules.push(...undefinedProtocols(stage.isolations, enforcer.otherProtocols.source));
  return { stages: stage.isolations.length > 0 ? [stage] : [], problems };
}
