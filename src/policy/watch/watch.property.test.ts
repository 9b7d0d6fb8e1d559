import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { parsePrefix } from '../../net/prefix.ts';
import { diff, type Change, type Difference } from '../ask/diff.ts';
import { compile, toolsOf, type Engine } from '../compile/engine.ts';
import { compileSide, type Side } from '../compile/side.ts';
import { readText } from '../input/objects.ts';
import { parseAddress } from '../model/block.ts';
import type { Protocol } from '../model/ports.ts';
import { readState, StateReader } from '../state.ts';
import { adminObjects, adminWorlds } from '../testing/admin-worlds.ts';
import { calicoObjects, calicoWorlds } from '../testing/calico-worlds.ts';
import { ciliumObjects, ciliumWorlds } from '../testing/cilium-worlds.ts';
import { verdictOf } from '../testing/engine-of.ts';
import { objectsOf, OUTSIDE, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { Session } from './session.ts';
import { Sources } from './sources.ts';

const WORLDS = 60;
const dir = mkdtempSync(join(tmpdir(), 'fairlead-watch-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Body {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: object };
}

interface Edit {
  what: 'add' | 'remove' | 'replace';
  /** Of the objects of one kind: the policies, or all that is no policy. */
  policies: boolean;
  at: number;
  from: number;
}

const edits: fc.Arbitrary<Edit[]> = fc.array(fc.record({ what: fc.constantFrom<Edit['what'][]>('add', 'remove', 'replace', 'replace'), policies: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }), at: fc.nat(20), from: fc.nat(20) }), { minLength: 1, maxLength: 5 });

const isPolicy = ({ kind }: Body): boolean => kind.endsWith('Policy');

/** Objects after an edit that takes what it needs from those of another world. */
function edited(objects: readonly Body[], pool: readonly Body[], { what, policies, at, from }: Edit, number: number): Body[] {
  const [own, others] = [objects, pool].map((all) => all.filter((one) => isPolicy(one) === policies)) as [Body[], Body[]];
  const [old, other] = [own[at % Math.max(1, own.length)], others[from % Math.max(1, others.length)]];
  if (what === 'add') return other === undefined ? [...objects] : [...objects, { ...other, metadata: { ...other.metadata, name: isPolicy(other) && other.kind !== 'BaselineAdminNetworkPolicy' ? `added${number}` : other.metadata.name } }];
  if (old === undefined) return [...objects];
  if (what === 'remove') return objects.filter((one) => one !== old);
  const same = others.find((one) => one.kind === old.kind && (one.metadata.namespace === undefined) === (old.metadata.namespace === undefined));
  return same === undefined ? [...objects] : objects.map((one) => (one === old ? { ...same, metadata: { ...same.metadata, name: old.metadata.name, ...(old.metadata.namespace === undefined ? {} : { namespace: old.metadata.namespace }) } } : one));
}

const SAMPLES: readonly { protocol: Protocol; port: number }[] = [{ protocol: 'TCP', port: 1 }, { protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 443 }, { protocol: 'TCP', port: 90 }, { protocol: 'UDP', port: 80 }];

/** Addresses outside that a name in a difference stands for. */
function outside(name: string): string[] {
  return OUTSIDE.filter((text) => {
    const address = parseAddress(text)!;
    return name.split(' ').slice(1).some((range) => {
      const [first, last] = range.split('-').map((one) => parseAddress(one.split('/')[0]!)!) as [NonNullable<ReturnType<typeof parseAddress>>, ReturnType<typeof parseAddress>];
      if (first.width !== address.width) return false;
      if (last !== undefined) return first.value <= address.value && address.value <= last.value;
      const { network, length, width } = parsePrefix(range);
      return address.value >> BigInt(width - length) === network >> BigInt(width - length);
    });
  });
}

/** What a difference says of every pair of pods and of sampled addresses, port by port. */
function told(engine: Engine, { onlyA, onlyB, changes }: Difference): string[] {
  const found = new Set<string>();
  const names = (name: string): string[] => (name.startsWith('outside ') ? outside(name) : [name]);
  for (const { from, to, change } of changes) {
    const kinds = SAMPLES.flatMap(({ protocol, port }) => (['closed', 'opened', 'mayClose', 'mayOpen'] as (keyof Change)[])
      .filter((kind) => engine.ports.sets.has(change[kind], engine.ports.atom(protocol, port))).map((kind) => `${kind} ${protocol} ${port}`));
    const pairs = from.flatMap(names).flatMap((source) => to.flatMap(names).filter((target) => target !== source).map((target) => `${source} ${target}`));
    for (const pair of pairs) for (const kind of kinds) found.add(`${pair} ${kind}`);
  }
  return [...onlyA.map((one) => `only before ${one}`), ...onlyB.map((one) => `only after ${one}`), ...found].toSorted();
}

const textOf = (objects: readonly object[]): string => objects.map((one) => JSON.stringify(one)).join('\n---\n');

/** What judges each class in each stage, rule by rule, as a text: comparing structures takes longer than compiling them. */
function judges({ rules, stages }: Side): string {
  const texts = rules.map(({ rule: { policy, path }, must, may, ports, certain }) => `${policy.id} ${path.join('.')} ${must.join()} ${may.join()} ${ports} ${certain}`);
  return stages.map(({ entries, isolatedMust, isolatedMay }) => `${isolatedMust.join()} ${isolatedMay.join()}\n${[...entries].map((own = []) => own.map(({ rule, certain }) => `${texts[rule]} ${certain}`).join('; ')).join('\n')}`).join('\n\n');
}

/** Every direction, kept in part, must be what compiling it as a whole comes to. */
function mustBeCompiledWhole({ state, universe, evaluator, ports, ingress, egress }: Engine): void {
  const tools = toolsOf(universe, evaluator, ports, state.enforcer);
  for (const { side } of [ingress, egress]) expect(judges(side)).toBe(judges(compileSide(side.direction, state.stages, tools)));
}

async function mustEqualAFullRun(start: object[], pool: object[], script: readonly Edit[], enforcer: string, file: string): Promise<void> {
  let objects = start as Body[];
  let time = 1;
  const write = (): void => {
    writeFileSync(file, textOf(objects));
    utimesSync(file, time, (time += 1));
  };
  write();
  const [sources, reader] = [new Sources([file]), new StateReader(enforcer)];
  const stateNow = async (): Promise<ReturnType<StateReader['read']>['state']> => reader.read((await sources.read(await sources.look())).loaded).state;
  const session = new Session(await stateNow(), 'pod');
  let before = readState(readText(file, textOf(objects)), enforcer).state;
  for (const [number, edit] of script.entries()) {
    objects = edited(objects, pool as Body[], edit, number);
    write();
    const step = session.next(await stateNow());
    mustBeCompiledWhole(step.after);
    const now = readState(readText(file, textOf(objects)), enforcer).state;
    const [a, b] = compile([before, now]);
    expect(told(step.after, step.difference)).toEqual(told(b!, diff(a!, b!, 'pod')));
    const ends = [...now.world.pods.map((pod) => pod.id), ...OUTSIDE];
    for (const from of ends) for (const to of ends) for (const { protocol, port } of SAMPLES) expect(verdictOf(step.after, from, to, port, protocol), `${from} → ${to} ${protocol} ${port}`).toBe(verdictOf(b!, from, to, port, protocol));
    before = now;
  }
}

it.each([
  ['kubernetes', 'calico', fc.tuple(worlds.map(objectsOf), worlds.map(objectsOf))],
  ['kubernetes', 'api', fc.tuple(worlds.map(objectsOf), worlds.map(objectsOf))],
  ['admin', 'api', fc.tuple(adminWorlds.map(adminObjects), adminWorlds.map(adminObjects))],
  ['admin', 'calico', fc.tuple(adminWorlds.map(adminObjects), adminWorlds.map(adminObjects))],
  ['calico', 'calico', fc.tuple(calicoWorlds.map(calicoObjects), calicoWorlds.map(calicoObjects))],
  ['cilium', 'cilium', fc.tuple(ciliumWorlds.map(ciliumObjects), ciliumWorlds.map(ciliumObjects))],
])('after every edit of %s policies, pods and namespaces under %s the state and what changed are those of a full run', { timeout: 3 * patience(WORLDS) }, async (dialect, enforcer, pairs) => {
  await fc.assert(fc.asyncProperty(pairs, edits, async ([start, pool], script) => {
    await mustEqualAFullRun(start, pool, script, enforcer, join(dir, `${dialect}-${enforcer}.yaml`));
  }), runs(WORLDS));
});
