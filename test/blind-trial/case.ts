/** What a case of the blind trial is: data. What is done to a living cluster, what a user then reads and asks, and what is true. */
import type { Hop } from '../../src/diagnose/path.ts';
import type { Change, LabKind } from '../audit-trial/fault.ts';
import type { Tongue } from './client.ts';
import type { Draw } from './draw.ts';

/** `known`: one fault of the knowledge base. `compound`: two at once. `unknown`: none of the knowledge base. `innocent`: nothing is wrong with the network. */
export const SETS = ['known', 'compound', 'unknown', 'innocent'] as const;
export type CaseSet = (typeof SETS)[number];

/** Where a complaint comes from; `words` are the options of `fairlead diagnose` that the user gives with it. */
export type Ask = { words: readonly string[] } & (
  /** A client that runs in the network and with the files of a pod, and what it prints. `mark`: how its processes are found on the node. */
  | { kind: 'client'; node: string; mark: string; url: string; tongues: readonly Tongue[]; uploadBytes?: number }
  /** The last warning about a pod, as `kubectl describe pod` shows it. */
  | { kind: 'event'; pod: string; reason: string }
  /** The last line of a container's log that has these words. */
  | { kind: 'log'; pod: string; container: string; has: string }
);

/** The truth, which the tool is not told. Ids are those of the knowledge base. */
export interface Truth {
  /** Each fault that was made, by the names under which it is right: one, or two of a compound; none where the knowledge base has none. */
  faults: readonly (readonly string[])[];
  /** Faults that are true as well, because of what was made, each with the reason. */
  also?: Readonly<Record<string, string>>;
  /** Whether it is the network. */
  network: boolean;
  /** Parts of the way of which one is broken; for what the knowledge base does not have. */
  broken?: readonly Hop['part'][];
}

export interface Made { changes: readonly Change[]; asks: readonly Ask[] }

export interface Case {
  id: string;
  set: CaseSet;
  lab: LabKind;
  /** In words, for the table. */
  what: string;
  truth: Truth;
  /** Both ends on one node; else on two. */
  together?: true;
  /** Makes it of what was drawn for this run. */
  make(at: Draw): Made;
  /** One of the few that the ordinary tests run. */
  quick?: true;
}
