import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamLine } from '../agent/lines.ts';
import { StreamAccount } from './stream-account.ts';

const line = (ms: number, t = 0): StreamLine => ({ k: 'd', s: 1, class: 'pod-to-pod', probe: 'udp', to: 'pod/b', ms, t });

describe('StreamAccount', () => {
  it('counts on by the schedule from the last send that is known', () => {
    const account = StreamAccount.open(line(100, 1_000));
    account.take(1, 1_030);
    account.take(3, 1_230);
    expect(account.sentBy(1_230)).toBe(3);
    expect(account.sentBy(1_319)).toBe(3);
    // A tick before it is due: the last one may have been a tick late.
    expect(account.sentBy(1_320)).toBe(4);
    expect(account.sentBy(2_230)).toBe(13);
    expect(account.miss(5)).toEqual([{ seq: 2, t: 1_130 }, { seq: 4, t: 1_330 }, { seq: 5, t: 1_430 }]);
    expect(account.floor).toBe(5);
  });

  it('takes what was skipped for not sent, as far as a heartbeat tells', () => {
    const account = StreamAccount.open(line(100, 0));
    account.take(1, 50);
    // Ten intervals later only one more had been sent: a stall left eight out.
    account.progress(2, 1_000);
    expect(account.sentBy(1_000)).toBe(2);
    expect(account.sentBy(1_101)).toBe(4);
    expect(account.miss(4).map(({ t }) => t)).toEqual([150, 1_000, 1_100]);
  });

  it('never goes back, and follows its clock when that is set anew', () => {
    const account = StreamAccount.open(line(100, 0));
    account.take(5, 500);
    account.progress(3, 900);
    expect(account.sentBy(0)).toBe(5);
    account.step(10_000);
    expect(account.sentBy(10_700)).toBe(7);
  });

  /** A sender as agents are: due every interval, up to a tick late; of what falls into a stall, one is sent after it and the rest left out. */
  function send(plan: { ms: number; phase: number; until: number; jitter: readonly number[]; stalls: readonly { from: number; ms: number }[] }): { sends: number[]; skipped: number } {
    const sends: number[] = [];
    let skipped = 0;
    for (let due = plan.phase % plan.ms, i = 0; due <= plan.until; i += 1) {
      let at = due + (plan.jitter[i % plan.jitter.length] ?? 0);
      for (const stall of plan.stalls.toSorted((a, b) => a.from - b.from)) if (at >= stall.from && at < stall.from + stall.ms) at = stall.from + stall.ms;
      const missed = Math.max(0, Math.floor((at - due) / plan.ms));
      if (at <= plan.until) sends.push(at);
      skipped += missed;
      due += (missed + 1) * plan.ms;
    }
    return { sends, skipped };
  }

  it('accounts for every seq of a sender that nobody saw to its end once, and for few more', () => {
    const plan = fc.record({
      ms: fc.constantFrom(50, 100, 200, 1_000),
      phase: fc.nat(999),
      until: fc.integer({ min: 1_000, max: 30_000 }),
      jitter: fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }),
      stalls: fc.array(fc.record({ from: fc.nat(30_000), ms: fc.nat(3_000) }), { maxLength: 3 }),
      seenUntil: fc.nat(30_000),
      collected: fc.infiniteStream(fc.boolean()),
      beatAgo: fc.nat(1_000),
      saved: fc.boolean(),
    });
    fc.assert(
      fc.property(plan, ({ seenUntil, collected, beatAgo, saved, ...sender }) => {
        const { sends, skipped } = send(sender);
        let account = StreamAccount.open(line(sender.ms));
        const sampled = sends.flatMap((t, i) => (t <= seenUntil && collected.next().value ? [{ seq: i + 1, t }] : []));
        for (const { seq, t } of sampled) expect(account.take(seq, t)).toBe(true);
        const beatAt = Math.min(seenUntil, sender.until) - beatAgo;
        if (beatAt >= 0) account.progress(sends.filter((t) => t <= beatAt).length, beatAt);
        if (saved) account = new StreamAccount(structuredClone(account.save()));
        const last = account.sentBy(sender.until);
        const missing = account.miss(last);
        expect([...sampled, ...missing].map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
        // The last one known may itself have waited for a stall to end.
        expect(last).toBeGreaterThanOrEqual(sends.length - (sender.stalls.length > 0 ? 1 : 0));
        expect(last).toBeLessThanOrEqual(sends.length + skipped + 2);
        expect(missing.every(({ t }) => t <= sender.until + 2 * sender.ms)).toBe(true);
      }),
    );
  });
});
