/** Each step of a takeover of a K3s cluster, in the plan's order: killed at some moment, undone, applied again. */
import { contractSuite } from './support/contract-suite.ts';

contractSuite('dc', 'k3s');
