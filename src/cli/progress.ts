/** Progress on stderr: on a terminal one redrawn status line with the elapsed time, elsewhere one line per event. */

/** Where progress goes; a VerbContext has all of it. */
export interface ProgressTarget {
  stderr(text: string): void;
  isTerminal: { stderr: boolean };
  colour?: { stderr: boolean };
}

export interface Progress {
  /** Begins (or renames) the current activity; `usually` says how long it commonly takes, in milliseconds. */
  start(activity: string, options?: { usually?: number }): void;
  /** What the current activity waits for right now; not repeated elsewhere than on a terminal when unchanged. */
  waiting(what: string): void;
  /** What the current activity has come to so far; in the status line of a terminal only. */
  soFar(what: string): void;
  /** One lasting line (a finished step, a remark). */
  line(text: string): void;
  /** Ends the current activity with one lasting line that carries its duration. */
  done(text?: string): void;
  /** Removes the status line and stops redrawing; call it in a `finally`. */
  stop(): void;
}

const REDRAW_MS = 200;

/** `950 ms`, `4.2 s`, `2 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Makes a progress writer. `now` gives monotonic milliseconds. */
export function createProgress(target: ProgressTarget, now: () => number = () => performance.now()): Progress {
  const live = target.isTerminal.stderr;
  const width = (): number => process.stderr.columns ?? 80;
  let activity: string | undefined;
  let waitingFor: string | undefined;
  let come: string | undefined;
  let usually: number | undefined;
  let startedAt = 0;
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    if (drawn) target.stderr('\r\u001b[2K');
    drawn = false;
  };
  const draw = (): void => {
    if (!live || activity === undefined) return;
    const wait = waitingFor !== undefined ? `: waiting for ${waitingFor}` : come === undefined ? '' : `: ${come}`;
    const usual = usually === undefined ? '' : `, usually ${formatDuration(usually)}`;
    const elapsed = ` (${formatDuration(now() - startedAt)}${usual})`;
    const room = Math.max(10, width() - elapsed.length - 1);
    const text = `${activity}${wait}`;
    clear();
    target.stderr(`${text.length > room ? `${text.slice(0, room - 1)}…` : text}${elapsed}`);
    drawn = true;
  };
  const line = (text: string): void => {
    clear();
    target.stderr(`${text}\n`);
    draw();
  };
  const stop = (): void => {
    if (timer !== undefined) clearInterval(timer);
    timer = undefined;
    clear();
    activity = undefined;
    waitingFor = come = undefined;
  };
  return {
    start(next, options = {}) {
      activity = next;
      waitingFor = come = undefined;
      usually = options.usually;
      startedAt = now();
      if (live) {
        timer ??= setInterval(draw, REDRAW_MS).unref();
        draw();
      } else {
        target.stderr(`${next}${usually === undefined ? '' : ` (usually ${formatDuration(usually)})`}\n`);
      }
    },
    waiting(what) {
      const changed = what !== waitingFor;
      waitingFor = what;
      if (live) draw();
      else if (changed) target.stderr(`  waiting for ${what}\n`);
    },
    soFar(what) {
      come = what;
      waitingFor = undefined;
      draw();
    },
    line,
    done(text) {
      const ended = text ?? activity;
      const took = formatDuration(now() - startedAt);
      stop();
      if (ended !== undefined) target.stderr(`${ended} (${took})\n`);
    },
    stop,
  };
}
