/** All cases of the blind trial, and what a lab cannot have. */
import { IMPOSSIBLE } from '../../src/lab/faults/table.ts';
import type { Case } from './case.ts';
import { COMPOUND } from './cases/compound.ts';
import { HOSTS } from './cases/hosts.ts';
import { INNOCENT } from './cases/innocent.ts';
import { OVERLAY } from './cases/overlay.ts';
import { POLICIES } from './cases/policies.ts';
import { SERVICES } from './cases/services.ts';
import { UNKNOWN } from './cases/unknown.ts';

export const CASES: readonly Case[] = [...OVERLAY, ...HOSTS, ...POLICIES, ...SERVICES, ...COMPOUND, ...UNKNOWN, ...INNOCENT];

/** Faults that the trial would have, and a lab of namespaces cannot, each with the reason. */
export const CANNOT: Readonly<Record<string, string>> = {
  'full conntrack (D4)': IMPOSSIBLE['conntrack-full'] ?? '',
  "an exhausted pool of Calico's own IPAM (I2)": 'Calico in the lab gives addresses out by host-local, as it does after a migration',
};
