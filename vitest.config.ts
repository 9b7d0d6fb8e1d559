/** Two projects: `unit` (beside the code, and test/*.test.ts) and `lab` (real components; one file at a time, after the unit tests). */
import { defineConfig } from 'vitest/config';

import { checkMachine, labObstacles, thisMachine } from './src/lab/requirements/machine.ts';
import { sweepRows } from './test/support/sweep-rows.ts';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** Always run. */
const core = ['audit-hosts', 'bad-input', 'calico-manifests', 'cluster-client', 'cni-leftovers', 'diagnose-connect', 'distro-hosts', 'isolation', 'lifecycle', 'migrate-k3s', 'node-shell', 'probe'];
/** One of these per run, another with each commit; all of them under FAIRLEAD_SWEEP=all (`npm run test:full`). */
const sweep = ['crash', 'drain-checks', 'faults', 'k3s-file', 'k3s-profile', 'kubeadm-profile', 'migrate-incidents', 'migrate-ssh', 'restore', 'snapshot', 'step-contract', 'step-contract-kubeadm'];
/** Long ones, for `npm run test:full`. */
const full = ['audit-trial', 'blind-trial', 'capture-record', 'diagnose-fix', 'founding-incident', 'migrate-failures', 'migrate-kubeadm', 'migrate-pod', 'migrate-single', 'policy-agreement', 'policy-controller'];
const labFiles = [...core, ...sweepRows(sweep, 1), ...(process.env['FAIRLEAD_SWEEP'] === 'all' ? full : [])];

const obstacles = labObstacles(await checkMachine(await thisMachine()));

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter(obstacles)],
    // A hung test must not outlive the run's own limits.
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          sequence: { groupOrder: 0 },
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: labFiles.map((name) => `test/lab/${name}.test.ts`),
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 3_600_000,
          runner: './test/support/lab-runner.ts',
          env: { FAIRLEAD_LAB_OBSTACLES: obstacles.join('\n') },
        },
      },
    ],
  },
});
