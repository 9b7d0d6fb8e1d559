import { expect, test } from 'vitest';
import { PROBE_CLASSES } from '../../probe/types.ts';
import { coverage, measuredClasses, unmeasuredClasses } from './coverage.ts';

test('with a prober outside everything is measured', () => {
  expect(measuredClasses({ outside: {} })).toEqual(PROBE_CLASSES);
  expect(coverage(PROBE_CLASSES).verdict).toBe('pass');
});

test('without one, what needs it is unknown, by name', () => {
  const measured = measuredClasses({});
  expect(unmeasuredClasses(measured)).toEqual(['node-port', 'egress']);
  expect(coverage(measured)).toMatchObject({ verdict: 'unknown', observed: expect.stringContaining('node-port and egress traffic stays unknown') as string });
});
