/** Each step of a takeover of a kubeadm cluster, in the plan's order: killed at some moment, undone, applied again. */
import { contractSuite } from './support/contract-suite.ts';

contractSuite('dd', 'kubeadm');
