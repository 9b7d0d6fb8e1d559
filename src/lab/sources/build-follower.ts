/** Follows a running build and turns what Go prints into progress events with an estimate. */
import { availableParallelism } from 'node:os';
import { estimateRemaining, estimateStart } from './estimate.ts';
import type { BuildState } from './estimate.ts';
import type { Family } from './families.ts';
import type { GoPackage, UnitPackages } from './go-packages.ts';
import type { OnSourceEvent } from './progress.ts';

const REPORT_EVERY_MS = 1_000;

/**
 * Counts packages by their source size. Go prints a package when its compilation begins and says
 * nothing of one that it takes from its cache; but whatever a begun package imports is done.
 */
export class BuildFollower {
  private readonly family: string;
  private readonly onProgress: OnSourceEvent;
  private readonly now: () => number;
  private readonly packages: ReadonlyMap<string, GoPackage>;
  private readonly stale: ReadonlySet<string>;
  private readonly done = new Set<string>();
  /** Imported by nothing: the programs' own packages, of which Go shows no end before they are linked. */
  private readonly roots: ReadonlySet<string>;
  private readonly state: BuildState;
  private readonly startedAt: number;
  private lastReport = Number.NEGATIVE_INFINITY;

  /** Announces the build. `now` is a monotonic clock in milliseconds. */
  constructor(family: Family, units: readonly UnitPackages[], onProgress: OnSourceEvent, now = () => performance.now()) {
    this.family = family.name;
    this.onProgress = onProgress;
    this.now = now;
    this.startedAt = now();
    // Units share most of their packages, and each is compiled once.
    this.packages = new Map(units.flatMap((unit) => [...unit]));
    this.stale = new Set([...this.packages].filter(([, { stale }]) => stale).map(([path]) => path));
    const imported = new Set([...this.packages.values()].flatMap(({ imports }) => imports));
    this.roots = new Set([...this.packages.keys()].filter((path) => !imported.has(path.replace(/^vendor\//, ''))));
    this.state = {
      measuredColdSeconds: family.measuredColdSeconds,
      cores: availableParallelism(),
      allBytes: this.bytesOf(this.packages.keys()),
      staleBytes: this.bytesOf(this.stale),
      doneBytes: 0,
      compileSeconds: 0,
      linkedPrograms: 0,
      totalPrograms: family.units.reduce((sum, unit) => sum + unit.programs.length, 0),
    };
    const { seconds, basis } = estimateStart(this.state);
    onProgress({
      kind: 'build-started',
      family: this.family,
      packages: this.stale.size,
      cachedPackages: this.packages.size - this.stale.size,
      estimatedSeconds: Math.round(seconds),
      basis,
    });
  }

  /** A line of `go build -v`; one that is a package's import path says that its compilation begins. */
  line(text: string): void {
    const begun = this.packages.get(text);
    if (!begun) return;
    for (const path of begun.imports) this.finish(path);
    // A program's own package is small; what follows it is the link.
    if (this.roots.has(text)) this.finish(text);
    this.report(false);
  }

  /** Every package of a unit is compiled and its programs are linked. */
  unitBuilt(packages: UnitPackages): void {
    for (const path of packages.keys()) this.finish(path);
  }

  /** How many programs are written so far. */
  linked(count: number): void {
    this.state.linkedPrograms = count;
    this.report(false);
  }

  /** Tells how far the build is, at most once a second unless forced. */
  report(force: boolean): void {
    const now = this.now();
    if (!force && now - this.lastReport < REPORT_EVERY_MS) return;
    this.lastReport = now;
    const done = [...this.done].filter((path) => this.stale.has(path));
    const compiling = done.length < this.stale.size;
    this.state.doneBytes = this.bytesOf(done);
    if (compiling) this.state.compileSeconds = (now - this.startedAt) / 1000;
    const { seconds, basis } = estimateRemaining(this.state);
    this.onProgress({
      kind: 'build',
      family: this.family,
      phase: compiling ? 'compile' : 'link',
      donePackages: done.length,
      totalPackages: this.stale.size,
      linkedPrograms: this.state.linkedPrograms,
      totalPrograms: this.state.totalPrograms,
      elapsedSeconds: (now - this.startedAt) / 1000,
      remainingSeconds: seconds,
      basis,
    });
  }

  private finish(importPath: string): void {
    // The standard library imports its vendored packages under their plain names.
    const path = this.packages.has(importPath) ? importPath : `vendor/${importPath}`;
    const finished = this.packages.get(path);
    if (!finished || this.done.has(path)) return;
    this.done.add(path);
    for (const imported of finished.imports) this.finish(imported);
  }

  private bytesOf(paths: Iterable<string>): number {
    let sum = 0;
    for (const path of paths) sum += this.packages.get(path)?.bytes ?? 0;
    return sum;
  }
}
