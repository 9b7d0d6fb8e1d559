/** One run of the engine: the plan with its ports, the state that follows the journal, and what is open towards the outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnnouncedWindow } from '../../probe/types.ts';
import type { JournalBody, JournalEntry } from '../journal/entries.ts';
import { entryLine } from '../journal/chain.ts';
import { advance, replay } from '../journal/replay.ts';
import type { MigrationState } from '../journal/replay.ts';
import type { Journal } from '../journal.ts';
import type { Handlers, Impact, Plan, StepGroup, StepSpec } from '../types.ts';
import { startMirrorQueue } from './mirror-queue.ts';
import type { MirrorQueue } from './mirror-queue.ts';
import { DEFAULT_COMMANDS } from './outcome.ts';
import type { Commands } from './outcome.ts';
import type { Announcer, EngineEvent, Gate, Mirror } from './ports.ts';

export interface Limits {
  /** How often an undo is tried before a person must look; the pause between two tries doubles each time. */
  undoAttempts: number;
  /** How often a step past the point of no return is tried. */
  commitAttempts: number;
  /** How many `unknown` verdicts of one gate in a row are waited out; after a rollback `fail` counts as one of them. */
  gateUnknowns: number;
  /** Milliseconds between two tries of any of these. */
  pauseMs: number;
  /** Milliseconds that the end of a run waits for the mirror to catch up. */
  mirrorFlushMs: number;
}

export const DEFAULT_LIMITS: Limits = { undoAttempts: 5, commitAttempts: 3, gateUnknowns: 5, pauseMs: 2_000, mirrorFlushMs: 30_000 };

export interface EngineOptions<C> {
  plan: Plan;
  handlers: Handlers<C>;
  /** Given to every handler as it is. */
  ctx: C;
  journal: Journal;
  gate: Gate;
  announce?: Announcer;
  mirror?: Mirror;
  /** Aborting it stops the run at the next safe point. */
  signal?: AbortSignal;
  onEvent?: (event: EngineEvent) => void;
  /** Version of the tool, for the journal. */
  tool?: string;
  commands?: Commands;
  limits?: Partial<Limits>;
}

/** The journal refused an entry: nothing may act any more. Never reaches the engine's caller. */
export class JournalLost extends Error {}

export class Session<C> {
  readonly options: EngineOptions<C>;
  readonly limits: Limits;
  readonly commands: Commands;
  readonly signal: AbortSignal;
  state: MigrationState;
  readonly #mirror: MirrorQueue | undefined;

  constructor(options: EngineOptions<C>) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.commands = options.commands ?? DEFAULT_COMMANDS;
    this.signal = AbortSignal.any([options.signal, options.mirror?.lost].filter((signal) => signal !== undefined));
    this.state = replay(options.journal.entries);
    this.#mirror = options.mirror && startMirrorQueue(options.mirror, (behind, error) => this.emit({ type: 'mirror', behind, error }));
    for (const entry of options.journal.entries) this.#mirror?.push(entryLine(entry));
  }

  emit(event: EngineEvent): void {
    this.options.onEvent?.(event);
  }

  /** Makes an entry durable, then follows it. Errors: JournalLost. */
  async log(body: JournalBody): Promise<JournalEntry> {
    let entry: JournalEntry;
    try {
      entry = await this.options.journal.append(body);
    } catch (error) {
      throw new JournalLost(error instanceof Error ? error.message : String(error), { cause: error });
    }
    this.state = advance(this.state, entry);
    this.#mirror?.push(entryLine(entry));
    this.emit({ type: 'entry', entry });
    return entry;
  }

  /** Opens a window per impact, durable and known to the probes before it resolves. `note` is put before the reason. */
  async announce(step: StepSpec, impact: readonly Impact[] = step.impact, note = ''): Promise<void> {
    const run = this.options.journal.entries.length;
    for (const [index, one] of impact.entries()) {
      const id = `${step.id}#${run}.${index}`;
      await this.log({ type: 'announce-open', announcement: { ...one, id, step: step.id, reason: `${note}${one.reason}` } });
      const window = this.state.open.get(id);
      if (window !== undefined) await this.#tell('open', window);
    }
  }

  /** Closes the open windows of a group's steps. */
  async closeWindows(group: StepGroup): Promise<void> {
    const steps = new Set(this.options.plan.steps.filter((step) => step.group === group).map((step) => step.id));
    for (const window of this.state.open.values()) {
      if (!steps.has(window.step)) continue;
      const entry = await this.log({ type: 'announce-close', id: window.id, step: window.step });
      await this.#tell('close', { ...window, closedAt: entry.t });
    }
  }

  /** Waits before the next try, after `attempt` of them. Not cut short by a stop: a group that is being judged or undone is brought to its end. */
  async pause(attempt = 1): Promise<void> {
    await sleep(this.limits.pauseMs * 2 ** (attempt - 1));
  }

  /** Why the run must stop at the next safe point; undefined when it need not. */
  stopReason(): string | undefined {
    if (!this.signal.aborted) return undefined;
    const reason: unknown = this.signal.reason;
    return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'it was asked to stop';
  }

  /** Lets the mirror catch up for a while; says so when it stays behind. */
  async end(): Promise<void> {
    await this.#mirror?.finish(this.limits.mirrorFlushMs);
  }

  async #tell(what: 'open' | 'close', window: AnnouncedWindow): Promise<void> {
    try {
      await this.options.announce?.[what](window);
    } catch (error) {
      this.emit({ type: 'announcer-failed', window: window.id, error: error instanceof Error ? error.message : String(error) });
    }
  }
}
