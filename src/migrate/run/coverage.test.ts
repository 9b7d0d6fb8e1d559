import { expect, test } from 'vitest';
import { PROBE_CLASSES } from '../../probe/types.ts';
import { coverage, measuredClasses, unmeasuredClasses } from './coverage.ts';

test('with a prober outside and two nodes everything is measured', () => {
  expect(measuredClasses({ outside: {}, nodes: 2 })).toEqual(PROBE_CLASSES);
  expect(coverage({ outside: {} }).verdict).toBe('pass');
});

test('what needs a prober outside or a second node is unknown without, by name', () => {
  expect(unmeasuredClasses(measuredClasses({ nodes: 2 }))).toEqual(['node-port', 'egress']);
  expect(unmeasuredClasses(measuredClasses({ outside: {}, nodes: 1 }))).toEqual(['pod-to-pod', 'long-lived', 'denied']);
  expect(coverage({})).toMatchObject({ verdict: 'unknown', observed: expect.stringContaining('node-port and egress traffic stays unknown') as string });
});
