import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Hmac } from './hmac.ts';

it('is what createHmac computes, whatever was computed before', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  fc.assert(
    fc.property(bytes(200), fc.array(bytes(1_024), { minLength: 1, maxLength: 4 }), (key, inputs) => {
      const hmac = new Hmac(key);
      for (const input of inputs) expect(hmac.of(input)).toEqual(createHmac('sha256', key).update(input).digest());
    }),
  );
});

it('refuses more than it has room for', () => {
  expect(() => new Hmac(new Uint8Array(32)).of(new Uint8Array(1_025))).toThrow(RangeError);
});
