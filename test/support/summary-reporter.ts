/** Ends a run with `N passed, N failed[, N skipped]` alone on the last line. */
import { writeSync } from 'node:fs';

import type { Reporter, TestModule, TestSuite } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The line itself; skipped tests are left out when there are none. */
export function summaryLine(counts: Counts): string {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/**
 * Counts a run's tests. A file that could not be loaded, a suite whose hook failed, an error outside
 * any test, an interruption and a run without a single test are failures too, one each.
 */
export function countRun(modules: readonly TestModule[], strayErrors: number, interrupted: boolean): Counts {
  const counts: Counts = { passed: 0, failed: strayErrors + (interrupted ? 1 : 0), skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'failed') counts.failed += 1;
      // A test that never ran though nothing skipped it did not pass.
      else if (state === 'pending') counts.failed += interrupted ? 0 : 1;
      else counts.skipped += 1;
    }
    const parts: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
    counts.failed += parts.filter((part) => part.errors().length > 0).length;
  }
  if (counts.passed + counts.failed + counts.skipped === 0) counts.failed = 1;
  return counts;
}

/** Vitest's reporter; goes after the default one. */
export class SummaryReporter implements Reporter {
  readonly #labObstacles: readonly string[];
  #line: string | undefined;

  constructor(labObstacles: readonly string[]) {
    this.#labObstacles = labObstacles;
    // At the very end, after whatever vitest still says while it closes.
    process.once('exit', () => {
      if (this.#line !== undefined) writeSync(1, `${this.#line}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[], reason: 'passed' | 'failed' | 'interrupted'): void {
    const ranLab = modules.some((module) => module.project.name === 'lab');
    if (ranLab && this.#labObstacles.length > 0) {
      const list = this.#labObstacles.map((obstacle) => `  - ${obstacle}`).join('\n');
      process.stdout.write(`\nThe lab's tests cannot run on this machine:\n${list}\n`);
    }
    const counts = countRun(modules, unhandledErrors.length, reason === 'interrupted');
    if (counts.failed > 0) process.exitCode = 1;
    this.#line = summaryLine(counts);
  }
}
