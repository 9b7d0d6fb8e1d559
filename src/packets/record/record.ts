/** `fairlead capture record`: tcpdump at several places at once, from one start to one end, and its files brought here. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../core/errors.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import { correction } from './clock.ts';
import { manifestPath, type RecordedPoint, type RecordingManifest } from './manifest.ts';
import { beatArgv, newPlace, removeArgv } from './on-node.ts';
import { collectPoint, startPoint, stopPoint, type Point } from './one-point.ts';
import { checkPrograms, findPlace, type Objects, type Place } from './points.ts';
import { attemptText, PROBE_PROGRAMS, tryFor, type Attempt, type Failure } from './until-fails.ts';

export interface RecordOptions {
  places: readonly string[];
  cluster: Objects;
  shell: (node: string) => NodeShell;
  /** Directory for the captures; made, and must be empty. */
  to: string;
  interface: string;
  filter: string;
  /** Bytes kept of each packet; undefined for headers alone. */
  snap: number | undefined;
  megabytes: number;
  seconds: number;
  attempt?: Attempt;
  /** With an attempt: seconds that are kept from before it failed. */
  before: number;
  tool: string;
  signal: AbortSignal;
  say(text: string): void;
}

/** Headers of every kind that is understood, IPv6 in VXLAN in IPv6 with TCP options among them. */
const HEADERS = 240;
/** Programs on the node; the others that the scripts use are everywhere. */
const PROGRAMS = ['tcpdump', 'timeout', 'setsid', 'ip'] as const;
/** Seconds: between two looks at the nodes; for what follows a failure; that the nodes wait longer than we do. */
const [BEAT, AFTER, SPARE] = [10, 2, 60];
/** Milliseconds until a connection is tried again that could not be tried. */
const AGAIN = 2000;

/** Records. Whatever happens, nothing stays on a node that can be reached. Errors: UsageError, EnvironmentError. */
export async function record(options: RecordOptions): Promise<RecordingManifest> {
  const { shell, signal, say, snap } = options;
  prepare(options.to);
  const places = await Promise.all(options.places.map((text) => findPlace(text, options.cluster, shell)));
  const { attempt } = options;
  const from = attempt === undefined ? undefined : (places.find(({ text }) => text === attempt.from) ?? (await findPlace(attempt.from, options.cluster, shell)));
  await Promise.all([...new Set(places.map(({ node }) => node))].map((node) => checkPrograms(shell(node), PROGRAMS)));
  if (from !== undefined) await checkPrograms(shell(from.node), PROBE_PROGRAMS);
  const points: Point[] = places.map((place) => ({ place, directory: newPlace(), clock: { offsetSeconds: 0, uncertaintySeconds: 0 }, interfaces: {} }));
  try {
    const how = { interface: options.interface, snap: snap ?? HEADERS, megabytes: options.megabytes, seconds: Math.ceil(options.seconds) + SPARE, filter: options.filter };
    // All of them, also when one fails: what was begun is cleaned up below.
    const begun = await Promise.allSettled(points.map((point) => startPoint(point, shell(point.place.node), how)));
    const failed = begun.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const startedAt = Date.now() / 1000;
    say(`recording at ${options.places.join(', ')}`);
    const { stopped, failure } = await untilOver(points, from, options);
    // What the ends do after it failed belongs to it.
    if (stopped === 'failure') await sleep(AFTER * 1000, undefined, { signal }).catch(() => undefined);
    const endedAt = Date.now() / 1000;
    say('fetching what was captured');
    const failedAt = failure === undefined || from === undefined ? undefined : failure.at === undefined ? endedAt : failure.at - aheadOf(from.node, points);
    const since = failedAt === undefined ? startedAt : Math.max(startedAt, failedAt - options.before);
    await Promise.all(points.map((point) => stopPoint(point, shell(point.place.node))));
    const recorded: RecordedPoint[] = [];
    // One after the other: each is held in memory as a whole.
    for (const point of points) recorded.push(await collectPoint(point, shell(point.place.node), { since, until: endedAt, headersOnly: snap === undefined, to: options.to, interface: options.interface }));
    const manifest: RecordingManifest = {
      format: 'fairlead-recording/1', tool: options.tool, startedAt: iso(since), endedAt: iso(endedAt), stopped,
      ...(failure === undefined || failedAt === undefined || attempt === undefined ? {} : { failure: { attempt: attemptText(attempt), at: iso(failedAt), why: failure.why } }),
      filter: options.filter, snapLength: how.snap, headersOnly: snap === undefined, points: recorded,
    };
    writeFileSync(manifestPath(options.to), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    return manifest;
  } finally {
    await cleanUp(points, options);
  }
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
const aheadOf = (node: string, points: readonly Point[]): number => correction(points.find(({ place }) => place.node === node)?.clock ?? { offsetSeconds: 0, uncertaintySeconds: 0 });

function prepare(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (readdirSync(dir).length === 0) return;
  } catch (cause) {
    throw new UsageError(`cannot write to the directory ${dir}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  throw new UsageError(`the directory ${dir} is not empty; expected one for this recording alone`, { hint: 'Name another one with --to.' });
}

/** Waits for the end, whatever it is, and says to the nodes that they are still wanted. */
async function untilOver(points: readonly Point[], from: Place | undefined, options: RecordOptions): Promise<{ stopped: RecordingManifest['stopped']; failure?: Failure }> {
  const { attempt, shell, signal } = options;
  // An interruption ends it; the condition of the loop sees that.
  const pause = (milliseconds: number): Promise<unknown> => sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  const end = performance.now() + options.seconds * 1000;
  let beat = performance.now() + BEAT * 1000;
  while (!signal.aborted) {
    const now = performance.now();
    if (now >= end) return { stopped: 'time' };
    if (now >= beat) {
      await look(points, shell);
      beat = performance.now() + BEAT * 1000;
      if (points.every(({ lost }) => lost !== undefined)) return { stopped: 'time' };
    } else if (attempt !== undefined && from !== undefined) {
      // What is being recorded may be the reason why the node cannot be asked for a while: it goes on capturing.
      const failure = await tryFor(shell(from.node), attempt, from).catch(async (error: unknown) => {
        options.say(`recording; ${attemptText(attempt)} cannot be tried at the moment: ${error instanceof Error ? error.message : String(error)}`);
        await pause(AGAIN);
        return undefined;
      });
      if (failure !== undefined) return { stopped: 'failure', failure };
    } else {
      await pause(Math.max(0, Math.min(end, beat) - now));
    }
  }
  return { stopped: 'interrupted' };
}

const byNode = (points: readonly Point[]): [string, Point[]][] => [...Map.groupBy(points, ({ place }) => place.node)];

async function look(points: readonly Point[], shell: (node: string) => NodeShell): Promise<void> {
  await Promise.all(byNode(points).map(async ([node, mine]) => {
    // A node that does not answer for a while goes on capturing: its lease is longer than that.
    const ended = await runOrThrow(shell(node), beatArgv(mine.map(({ directory }) => directory))).catch(() => '');
    for (const point of mine) if (ended.includes(point.directory)) point.lost ??= `tcpdump ended before ${iso(Date.now() / 1000)}`;
  }));
}

async function cleanUp(points: readonly Point[], { shell, say }: RecordOptions): Promise<void> {
  await Promise.all(byNode(points).map(async ([node, mine]) => {
    await runOrThrow(shell(node), removeArgv(mine.map(({ directory }) => directory))).catch((error: unknown) => {
      say(`node ${node} could not be cleaned up (${error instanceof Error ? error.message : String(error)}); it does so by itself in two minutes`);
    });
  }));
}
