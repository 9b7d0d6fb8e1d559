/** What came of one row of the sweep. */
export interface Result {
  id: string;
  outcome: 'pass' | 'fail';
  /** What happened, in a few words: `killed in apply; resumed`, `rolled back (exit 4): …`. */
  what: string;
  /** What was wrong; empty for a pass. */
  problems: string[];
  /** Probes sent from the row's beginning to its end. */
  sent: number;
  /** Lost without announcement, at the node in question or in a class that the fault itself hits. */
  lostThere: number;
  /** Lost without announcement anywhere else: must be none. */
  lostElsewhere: number;
  /** Answered, but late because the probing agent stalled: says something about the machine of the lab, not about the migration. */
  stalled: number;
  seconds: number;
}
