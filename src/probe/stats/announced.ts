/** Which loss was announced: matching of samples with the windows that a plan declared. */
import { deadlineMs } from '../agent/classes.ts';
import { endpointNode } from '../endpoint.ts';
import type { AnnouncedWindow, Sample } from '../types.ts';

type Probed = Pick<Sample, 't' | 'class' | 'from' | 'to'>;

/**
 * The first window that covers a lost sample: its class and endpoints match, and [t, t + deadline]
 * overlaps [openedAt, min(closedAt, openedAt + maxMs)]. Loss after that bound is in no window: the
 * excess over an announcement is unannounced.
 */
export function announcementFor(sample: Probed, windows: readonly AnnouncedWindow[]): AnnouncedWindow | undefined {
  return windows.find((window) => covers(window, sample));
}

/** Whether one window covers a sample, were it lost. */
export function covers(window: AnnouncedWindow, sample: Probed): boolean {
  if (!window.classes.includes(sample.class) || !inScope(window, sample)) return false;
  const until = Math.min(window.closedAt ?? Number.POSITIVE_INFINITY, window.openedAt + window.maxMs);
  return sample.t <= until && sample.t + deadlineMs(sample.class) >= window.openedAt;
}

function inScope(window: AnnouncedWindow, sample: Probed): boolean {
  const from = endpointNode(sample.from) === window.node;
  const to = endpointNode(sample.to) === window.node;
  switch (window.scope) {
    case 'any':
      return true;
    case 'from':
      return window.node !== undefined && from;
    case 'to':
      return window.node !== undefined && to;
    case 'either':
      return window.node !== undefined && (from || to);
  }
}
