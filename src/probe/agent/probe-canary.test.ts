/** A canary that is refused is believed to be denied only with its control, and has until its deadline to get that. */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { canaryProber } from './probe-canary.ts';
import type { Outcome, Prober } from './prober.ts';
import { Codec } from './wire.ts';

let controlOkAt: number;
let reported: Outcome[];
let prober: Prober;

beforeEach(async () => {
  [controlOkAt, reported] = [Number.NEGATIVE_INFINITY, []];
  // A port that was just given back refuses.
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  const context = { codec: new Codec('m', randomBytes(32)), name: 'pod/a', draining: () => undefined };
  prober = canaryProber(context, { address: '127.0.0.1', port, expectName: 'pod/b' }, { expected: () => 'denied', controlOkAt: () => controlOkAt });
});
afterEach(() => prober.close());

it('is denied at once when the allowed port has just answered', async () => {
  controlOkAt = performance.now();
  prober.send(1, (outcome) => reported.push(outcome));
  await vi.waitFor(() => expect(reported).toMatchObject([{ ok: true, seen: 'denied' }]));
});

it('is judged at its deadline when the allowed port has not answered lately: denied if it does until then, unknown if not', async () => {
  prober.send(1, (outcome) => reported.push(outcome));
  await vi.waitFor(() => expect(prober.expire?.(1, false)).toMatchObject({ ok: false, seen: 'unknown', error: expect.stringMatching(/ECONNREFUSED, and the allowed port does not answer either/) as string }));
  controlOkAt = performance.now();
  expect(prober.expire?.(1, false)).toMatchObject({ ok: true, seen: 'denied' });
  expect(reported).toEqual([]);
});
