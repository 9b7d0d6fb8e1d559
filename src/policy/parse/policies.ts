/** All policies of the input, translated to the stages in which an enforcer asks them. */
import type { Dialect, Enforcer } from '../enforcers/enforcer.ts';
import type { LoadedObject, Problem } from '../input/object.ts';
import { lineOf } from '../../cluster/manifests/position.ts';
import { ALL } from '../model/match.ts';
import { LAST_PORT, PROTOCOLS, TRANSPORTS } from '../model/ports.ts';
import type { Isolation, Rule, Stage } from '../model/rules.ts';
import type { World } from '../world/world.ts';
import { adminStage, isAdminKind, parseAdmin, type AdminPolicy } from './admin.ts';
import { parseCalicoPolicy, type CalicoPolicy } from './calico-policy.ts';
import { networkSetsOf } from './calico-sets.ts';
import { KUBERNETES_ORDER, tierStages } from './calico-tiers.ts';
import { ciliumStages, parseCilium } from './cilium.ts';
import { cidrGroupsOf } from './cilium-peers.ts';
import { dialectOf } from './dialect.ts';
import { parseNetworkPolicy, policyName, type ParsedPolicy } from './network-policy.ts';

/**
 * What objects were parsed to, for as long as the world is the same. What is parsed of an object depends on nothing else but
 * the world, and the objects that are no policies, of which the world is made.
 */
export class Parsed {
  #world: World | undefined;
  #known = new WeakMap<object, unknown>();

  in(world: World): this {
    if (world !== this.#world) [this.#world, this.#known] = [world, new WeakMap()];
    return this;
  }

  /** What `make` made of the object before, or makes now: always the same of one object. */
  of<T>(object: object, make: () => T): T {
    const known = this.#known.get(object);
    if (known !== undefined) return known as T;
    const made = make();
    this.#known.set(object, made);
    return made;
  }
}

export interface Policies {
  stages: Stage[];
  problems: Problem[];
}

/** What a parser found wrong, at its line in the file. */
function problemsOf(object: LoadedObject, { issues }: Pick<ParsedPolicy, 'issues'>): Problem[] {
  return issues.map(({ severity, path, message }) => ({
    severity, file: object.origin.file, line: lineOf(object.origin, path), subject: policyName(object), origin: object.origin,
    message: severity === 'error' ? `refused: ${message}` : message,
  }));
}

const problemAt = (object: LoadedObject, severity: Problem['severity'], message: string): Problem => ({ severity, file: object.origin.file, line: object.origin.line, subject: policyName(object), origin: object.origin, message });

/** Other protocols of isolated pods, where nobody promises anything about them. */
function undefinedProtocols(isolations: readonly Isolation[], source: string, known: Parsed): Rule[] {
  const items = PROTOCOLS.filter((protocol) => !TRANSPORTS.includes(protocol)).map((protocol) => ({ protocol, from: 0, to: LAST_PORT }));
  return isolations.map((isolation) => known.of(isolation, (): Rule => {
    const { policy, path, direction, subject } = isolation;
    return {
      policy, path, direction, subject, peer: ALL, ports: { include: items, exclude: [] }, action: 'allow', implied: true,
      condition: `protocols other than TCP, UDP and SCTP (${source})`,
    };
  }));
}

function parseKubernetes(objects: readonly LoadedObject[], problems: Problem[], known: Parsed): ParsedPolicy[] {
  return objects.flatMap((object) => {
    if (object.apiVersion !== 'networking.k8s.io/v1') {
      problems.push(problemAt(object, 'error', `refused: no API server since 1.16 serves ${object.apiVersion}; expected networking.k8s.io/v1`));
      return [];
    }
    const parsed = known.of(object, () => parseNetworkPolicy(object));
    problems.push(...problemsOf(object, parsed));
    return parsed;
  });
}

function kubernetesStage(parsed: readonly ParsedPolicy[], enforcer: Enforcer, known: Parsed): Stage[] {
  const isolations = parsed.flatMap((one) => one.isolations);
  if (isolations.length === 0) return [];
  const implied = enforcer.otherProtocols.value === 'undefined' ? undefinedProtocols(isolations, enforcer.otherProtocols.source, known) : [];
  return [{ name: 'NetworkPolicy', rules: [...parsed.flatMap((one) => one.rules), ...implied], isolations, unordered: true }];
}

function parseAdmins(objects: readonly LoadedObject[], problems: Problem[], known: Parsed): AdminPolicy[] {
  return objects.flatMap((object) => {
    if (!isAdminKind(object.kind)) {
      problems.push(problemAt(object, 'error', `is not known: ${object.apiVersion} has AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy`));
      return [];
    }
    const parsed = known.of(object, () => parseAdmin(object));
    problems.push(...problemsOf(object, parsed));
    return parsed;
  });
}

/** Administrators' policies as Calico takes them: policies of its tiers kube-admin and kube-baseline. */
const asCalico = (admins: readonly AdminPolicy[]): CalicoPolicy[] => (['Admin', 'Baseline'] as const).flatMap((tier) => {
  // Through the stage, which knows of policies whose order is not defined.
  const rules = Map.groupBy(adminStage(tier, admins).flatMap((stage) => stage.rules), (rule) => rule.policy);
  return admins.filter((one) => one.tier === tier && one.rules.length > 0)
    .map((one): CalicoPolicy => ({ policy: one.policy, tier: tier === 'Admin' ? 'kube-admin' : 'kube-baseline', order: one.priority, rules: rules.get(one.policy) ?? [], applied: [], issues: [] }));
});

/** Calico's own policies and Kubernetes' ones, which lie in its default tier. */
function calicoStages(objects: readonly LoadedObject[], kubernetes: readonly ParsedPolicy[], admins: readonly AdminPolicy[], own: readonly LoadedObject[], world: World, problems: Problem[], known: Parsed): Stage[] {
  const context = { sets: networkSetsOf(objects), world };
  const parsed = own.flatMap((object): CalicoPolicy[] => {
    if (object.kind.startsWith('Staged')) {
      problems.push(problemAt(object, 'warning', 'is staged: Calico reports what it would do, and enforces nothing of it'));
      return [];
    }
    const policy = known.of(object, () => parseCalicoPolicy(object, context));
    problems.push(...problemsOf(object, policy));
    return [policy];
  });
  const theirs = kubernetes.map(({ policy, rules, isolations }): CalicoPolicy => ({ policy, tier: 'default', order: KUBERNETES_ORDER, rules, applied: isolations, issues: [] }));
  const tiers = tierStages([...[...theirs, ...parsed].filter((policy) => policy.applied.length > 0), ...asCalico(admins)], objects);
  problems.push(...tiers.problems);
  return tiers.stages;
}

/** Parses all policies; those that the enforcer does not act on are inert, and a warning says so. `parsed`: what is known of objects that were parsed before. */
export function readPolicies(objects: readonly LoadedObject[], world: World, enforcer: Enforcer, parsed = new Parsed()): Policies {
  const known = parsed.in(world);
  const problems: Problem[] = [];
  const byDialect = Map.groupBy(objects, dialectOf);
  const of = (dialect: Dialect): readonly LoadedObject[] => byDialect.get(dialect) ?? [];
  const kubernetes = parseKubernetes(of('kubernetes'), problems, known);
  const acts = enforcer.enforces.value;
  const admins = parseAdmins(of('admin'), problems, known);
  for (const dialect of ['admin', 'calico', 'cilium'] as const) {
    const [first] = of(dialect);
    if (first === undefined || acts.includes(dialect) || acts.length === 0) continue;
    problems.push(problemAt(first, 'warning', `${of(dialect).length} ${of(dialect).length === 1 ? 'policy' : 'policies'} of ${first.apiVersion}: ${enforcer.name} does not act on such; they are inert`));
  }
  if (acts.length === 0) return { stages: [], problems };
  if (acts.includes('calico')) return { stages: calicoStages(objects, kubernetes, admins, of('calico'), world, problems, known), problems };
  if (acts.includes('cilium')) {
    const context = { world, groups: cidrGroupsOf(objects) };
    const own = of('cilium').map((object) => {
      const policy = known.of(object, () => parseCilium(object, context));
      problems.push(...problemsOf(object, policy));
      return policy;
    });
    return { stages: ciliumStages(own, kubernetes, objects), problems };
  }
  const admin = (tier: AdminPolicy['tier']): Stage[] => (acts.includes('admin') ? adminStage(tier, admins) : []);
  return { stages: [...admin('Admin'), ...kubernetesStage(kubernetes, enforcer, known), ...admin('Baseline')], problems };
}
