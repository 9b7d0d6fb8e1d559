/** Runs the lab's tests where the lab can run; elsewhere it skips them all (under CI=true it fails them all). */
import type { TestContext } from 'vitest';
import { VitestTestRunner } from 'vitest/runners';

const obstacles = process.env['FAIRLEAD_LAB_OBSTACLES'] ?? '';

// Vitest takes a runner as a default export.
export default class LabRunner extends VitestTestRunner {
  /** Called for every test while its file is collected; a suite whose tests are all skipped runs no hook either. */
  override extendTaskContext(context: TestContext): TestContext {
    if (obstacles !== '') {
      if (process.env['CI'] === 'true') throw new Error(`The lab cannot run here, and CI=true asks for it: ${obstacles}`);
      Object.assign(context.task, { mode: 'skip' });
    }
    return super.extendTaskContext(context);
  }
}
