/** All faults of the trial. */
import { ADDRESSES } from './faults/addresses.ts';
import { CNI } from './faults/cni.ts';
import { HOSTS } from './faults/hosts.ts';
import { NAMES_AND_SERVICES } from './faults/names-and-services.ts';
import { POLICIES } from './faults/policies.ts';
import { RANGES } from './faults/ranges.ts';
import { STACK } from './faults/stack.ts';
import type { TrialFault } from './fault.ts';

export const FAULTS: readonly TrialFault[] = [...RANGES, ...ADDRESSES, ...HOSTS, ...CNI, ...POLICIES, ...NAMES_AND_SERVICES, ...STACK];
