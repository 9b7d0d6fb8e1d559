/** Times of pcapng against big integers. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ClockUnit } from './clock.ts';

it('splits 64 bits exactly, whatever the unit', () => {
  // Up to the year 2242: later times lose units where seconds have more than 53 bits.
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 1n << 33n }), fc.nat(999_999_999), fc.integer({ min: 0, max: 9 }), (seconds, part, power) => {
    const units = seconds * 10n ** BigInt(power) + BigInt(part) % 10n ** BigInt(power);
    const clock = ClockUnit.of(power, 0) as ClockUnit;
    clock.set(Number(units >> 32n), Number(units & 0xffff_ffffn));
    const unit = 10n ** BigInt(power);
    expect([BigInt(clock.seconds), BigInt(clock.nanoseconds)]).toEqual([units / unit, (units % unit) * (1_000_000_000n / unit)]);
  }), { numRuns: 2000 });
});

it('splits powers of two', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }), fc.integer({ min: 10, max: 31 }), (units, power) => {
    const clock = ClockUnit.of(0x80 | power, 5) as ClockUnit;
    clock.set(Number(units >> 32n), Number(units & 0xffff_ffffn));
    const unit = 1n << BigInt(power);
    expect([BigInt(clock.seconds), BigInt(clock.nanoseconds)]).toEqual([units / unit + 5n, ((units % unit) * 1_000_000_000n) / unit]);
  }), { numRuns: 2000 });
});

it('refuses units that no clock has', () => expect([ClockUnit.of(12, 0), ClockUnit.of(0xff, 0)]).toEqual([undefined, undefined]));
