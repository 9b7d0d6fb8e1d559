/** The property of each dialect: on a random small world the engine says what the naive evaluator says, pair by pair. For tests and long runs. */
import fc from 'fast-check';
import { adminAllows } from './admin-oracle.ts';
import { adminObjects, adminWorlds } from './admin-worlds.ts';
import { mustAgree } from './agreement.ts';
import { calicoAllows } from './calico-oracle.ts';
import { calicoObjects, calicoWorlds } from './calico-worlds.ts';
import { ciliumAllows } from './cilium-oracle.ts';
import { ciliumObjects, ciliumWorlds } from './cilium-worlds.ts';
import { engineOf, type Made } from './engine-of.ts';
import { oracleAllows } from './kubernetes-oracle.ts';
import { objectsOf, PORTS, worlds } from './kubernetes-worlds.ts';

/** The engine of objects that must be taken without a problem that `counts`. */
function clean(objects: readonly object[], enforcer: string, counts: (problem: string) => boolean): Made['engine'] {
  const { engine, problems } = engineOf(objects, enforcer);
  const found = problems.filter(counts);
  if (found.length > 0) throw new Error(`the input has problems: ${found.join('; ')}`);
  return engine;
}

const isError = (problem: string): boolean => problem.includes('error');

const adminProperty = (enforcer: string): fc.IProperty<[unknown]> => fc.property(adminWorlds, (world) => {
  mustAgree(clean(adminObjects(world), enforcer, isError), world.pods, (from, to, protocol, port) => adminAllows(world, from, to, protocol, port));
});

/** By dialect, and by enforcer where two of them take it. */
export const PROPERTIES: Readonly<Record<string, fc.IProperty<[unknown]>>> = {
  'kubernetes': fc.property(worlds, (world) => {
    const engine = clean(objectsOf(world), 'calico', (problem) => !problem.includes('bits set behind') && !problem.includes('has no effect'));
    mustAgree(engine, world.pods, (from, to, protocol, port) => oracleAllows(world, from, to, protocol, port), PORTS, ['TCP', 'UDP', 'SCTP']);
  }),
  'admin, api': adminProperty('api'),
  'admin, calico': adminProperty('calico'),
  'calico': fc.property(calicoWorlds, (world) => {
    mustAgree(clean(calicoObjects(world), 'calico', isError), world.pods, (from, to, protocol, port) => calicoAllows(world, from, to, protocol, port));
  }),
  'cilium': fc.property(ciliumWorlds, (world) => {
    mustAgree(clean(ciliumObjects(world), 'cilium', isError), world.pods, (from, to, protocol, port) => ciliumAllows(world, from, to, protocol, port));
  }),
};
