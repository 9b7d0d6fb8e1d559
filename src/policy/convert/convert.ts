/** Converts policies between dialects, lossless or not at all: what is made is compared with what there was. */
import { diff } from '../ask/diff.ts';
import { compile } from '../compile/engine.ts';
import type { Enforcer } from '../enforcers/enforcer.ts';
import { nameOf, type LoadedObject, type Problem } from '../input/object.ts';
import { placeText } from '../../cluster/manifests/origin.ts';
import { readText } from '../input/objects.ts';
import { dialectOf } from '../parse/dialect.ts';
import { readPolicies } from '../parse/policies.ts';
import type { World } from '../world/world.ts';
import { toCalico } from './to-calico.ts';
import { toCilium } from './to-cilium.ts';
import { toKubernetes, Unconvertible } from './to-kubernetes.ts';

export const TARGETS = ['calico', 'cilium', 'kubernetes'] as const;
export type Target = (typeof TARGETS)[number];

export interface Converted {
  policies: object[];
  /** Policies that stay as they are, each with the reason. */
  refused: string[];
}

const MAKERS: Readonly<Record<Target, { from: string; make: (policy: LoadedObject) => object }>> = {
  calico: { from: 'kubernetes', make: toCalico },
  cilium: { from: 'kubernetes', make: toCilium },
  kubernetes: { from: 'calico', make: toKubernetes },
};

/** Converts what can be; policies of the target's own dialect stay as they are, those with problems of their own are refused. */
export function convert(objects: readonly LoadedObject[], problems: readonly Problem[], target: Target): Converted {
  const { from, make } = MAKERS[target];
  const made: Converted = { policies: [], refused: [] };
  for (const object of objects) {
    const dialect = dialectOf(object);
    if (dialect === undefined) continue;
    const name = `${placeText(object.origin.file, object.origin.line)}: ${nameOf(object)}`;
    const broken = problems.find((one) => one.severity === 'error' && one.origin === object.origin);
    if (dialect === target && broken === undefined) made.policies.push(object.body);
    else if (dialect !== from && dialect !== target) made.refused.push(`${name}: only policies of ${from} are converted to ${target}`);
    else if (broken !== undefined) made.refused.push(`${name}: ${broken.message}`);
    else {
      try {
        made.policies.push(make(object));
      } catch (error) {
        if (!(error instanceof Unconvertible)) throw error;
        made.refused.push(`${name}: ${error.message}`);
      }
    }
  }
  return made;
}

/** The connections that would differ if the converted policies took the place of the others; empty where nothing is lost. */
export function losses(objects: readonly LoadedObject[], converted: readonly object[], world: World, enforcer: Enforcer): string[] {
  const others = objects.filter((one) => dialectOf(one) === undefined);
  const { objects: made } = readText('converted', converted.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const before = readPolicies(objects, world, enforcer);
  const after = readPolicies([...others, ...made], world, enforcer);
  const faults = after.problems.filter((one) => one.severity === 'error').map((one) => one.message);
  const [a, b] = compile([before, after].map(({ stages }) => ({ world, stages, enforcer })));
  for (const { from, to } of diff(a!, b!, 'pod').changes) faults.push(`${from[0] ?? ''} → ${to[0] ?? ''}`);
  return faults;
}
