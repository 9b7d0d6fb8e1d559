/** How long a build will still take, and what that rests on. Pure arithmetic. */

/** Cores on which Family.measuredColdSeconds was measured. */
const MEASURED_CORES = 2;
/** Part of a cold build that goes into linking, measured on the Kubernetes family. */
const LINK_SHARE = 0.12;
/** From this part of the source on, the machine's own pace says more than the measurement elsewhere. */
const PACE_COUNTS_FROM = 0.1;

export interface BuildState {
  measuredColdSeconds: number;
  cores: number;
  /** Bytes of source of every package of the build, and of those that are not in Go's cache. */
  allBytes: number;
  staleBytes: number;
  /** Bytes of source whose compilation has ended, and how long it took. */
  doneBytes: number;
  compileSeconds: number;
  linkedPrograms: number;
  totalPrograms: number;
}

/** Seconds a build will take before anything of it is done. */
export function estimateStart(state: BuildState): { seconds: number; basis: string } {
  const cold = (state.measuredColdSeconds * MEASURED_CORES) / Math.max(1, state.cores);
  const stale = state.allBytes === 0 ? 0 : state.staleBytes / state.allBytes;
  const links = state.totalPrograms === 0 ? 0 : 1 - state.linkedPrograms / state.totalPrograms;
  const seconds = cold * ((1 - LINK_SHARE) * stale + LINK_SHARE * links);
  const percent = Math.round(stale * 100);
  return {
    seconds,
    basis: `${percent} % of the source to compile on ${state.cores} cores; a full build took ${state.measuredColdSeconds} s on ${MEASURED_CORES} cores`,
  };
}

/** Seconds that are left, from this machine's own pace as soon as there is one. */
export function estimateRemaining(state: BuildState): { seconds: number; basis: string } {
  const start = estimateStart(state);
  const share = state.staleBytes === 0 ? 1 : state.doneBytes / state.staleBytes;
  const linkSeconds = estimateStart({ ...state, staleBytes: 0 }).seconds;
  if (share < PACE_COUNTS_FROM) {
    const compile = Math.max(0, start.seconds - linkSeconds - state.compileSeconds);
    return { seconds: compile + linkSeconds, basis: start.basis };
  }
  if (share >= 1) return { seconds: linkSeconds, basis: `${state.linkedPrograms} of ${state.totalPrograms} programs linked` };
  return {
    seconds: (state.compileSeconds * (1 - share)) / share + linkSeconds,
    basis: `${Math.round(share * 100)} % of the source compiled in ${Math.round(state.compileSeconds)} s`,
  };
}
