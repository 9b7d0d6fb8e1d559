/** How many random worlds a property is tried on: FAIRLEAD_WORLDS for long runs, such as 200000. For tests. */

/** @param ordinary the number in an ordinary test run */
export function runs(ordinary: number): { numRuns: number } {
  const asked = Number(process.env['FAIRLEAD_WORLDS'] ?? '');
  return { numRuns: Number.isInteger(asked) && asked > 0 ? asked : ordinary };
}

/** Milliseconds that so many worlds may take. */
export function patience(ordinary: number): number {
  return Math.max(60_000, runs(ordinary).numRuns * 100);
}
