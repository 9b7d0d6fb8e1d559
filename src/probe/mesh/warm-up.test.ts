import { expect, it } from 'vitest';
import type { CanaryState, Sample } from '../types.ts';
import { expectationsAsFound } from './warm-up.ts';

const canary = (to: string, seen: CanaryState): Sample => ({ t: 1, class: 'denied', probe: 'canary', from: 'pod/x', to, seq: 1, ok: true, rttMs: null, seen });

it('expects of a node what all of its canaries found, and nothing of one where they disagree or know nothing', () => {
  const samples = [
    canary('pod/open', 'open'), canary('pod/open', 'open'), canary('pod/denied', 'denied'),
    canary('pod/mixed', 'open'), canary('pod/mixed', 'denied'), canary('pod/half', 'open'), canary('pod/half', 'unknown'), canary('pod/dead', 'unknown'),
    { ...canary('pod/silent', 'open'), class: 'pod-to-pod' as const },
  ];
  expect(expectationsAsFound(samples, ['open', 'denied', 'mixed', 'half', 'dead', 'silent'])).toEqual({ open: 'open', denied: 'denied', mixed: 'either', half: 'either', dead: 'either', silent: 'either' });
});
