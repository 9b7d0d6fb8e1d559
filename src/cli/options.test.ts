import { describe, expect, it } from 'vitest';

import { UsageError } from '../core/errors.ts';
import { flagOption, integerOption, listOption, parseDuration, textArgument } from './options.ts';
import type { OptionValue, VerbContext } from './verb.ts';

const ctx = (options: Record<string, OptionValue>, args: VerbContext['args'] = {}): VerbContext => ({ options, args }) as VerbContext;

describe('options', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
  ])('reads the duration %s', (text, ms) => expect(parseDuration(text, '--for')).toBe(ms));

  it.each(['', '5', 's', '5 s', '5s!', '-5s'])('refuses the duration %j', (text) => {
    expect(() => parseDuration(text, '--for')).toThrow(UsageError);
  });

  it('reads whole numbers within bounds and names the option otherwise', () => {
    expect(integerOption(ctx({ maxNodes: '3' }), 'maxNodes', { min: 1, max: 9 })).toBe(3);
    expect(integerOption(ctx({}), 'maxNodes', { min: 1, max: 9 })).toBeUndefined();
    for (const text of ['0', '10', '3.5', 'x', '']) {
      expect(() => integerOption(ctx({ maxNodes: text }), 'maxNodes', { min: 1, max: 9 })).toThrow('--max-nodes is');
    }
  });

  it('reads switches and lists', () => {
    expect([flagOption(ctx({ yes: true }), 'yes'), flagOption(ctx({}), 'yes')]).toEqual([true, false]);
    expect([listOption(ctx({ a: ['x', 'y'] }), 'a'), listOption(ctx({}), 'a')]).toEqual([['x', 'y'], []]);
  });

  it('names a missing argument', () => {
    expect(() => textArgument(ctx({}, {}), 'node')).toThrow('NODE is missing');
  });
});
