import { describe, expect, test } from 'vitest';
import { EnvironmentError, NotStartedError } from '../core/errors.ts';
import { exitCodeOf } from './exec.ts';

/** Status objects as kube-apiserver 1.34 sent them. */
const exit = (code: number): object => ({ status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with non-zero exit code: ${code}`, details: { causes: [{ reason: 'ExitCode', message: String(code) }] } });

describe('the end of an exec', () => {
  test('with a status', () => {
    expect(exitCodeOf({ status: 'Success' }, 'x')).toBe(0);
    expect(exitCodeOf(exit(3), 'x')).toBe(3);
    expect(exitCodeOf(exit(143), 'x')).toBe(143);
  });

  test.each([
    'Internal error occurred: error sending request: Post "https://192.168.77.12:10250/exec/default/exp/n?command=true&error=1&output=1": read tcp 192.168.77.11:35496->192.168.77.12:10250: read: connection reset by peer',
    'Internal error occurred: unable to upgrade connection: pod does not exist',
    'Internal error occurred: error dialing backend: dial tcp 10.0.0.3:10250: connect: connection refused',
  ])('without anything having run: %s', (message) => {
    expect(() => exitCodeOf({ status: 'Failure', reason: 'InternalError', message }, '`x` in pod a/b')).toThrow(NotStartedError);
  });

  test('in doubt: everything else is not asked again', () => {
    const message = 'Internal error occurred: Internal error occurred: error executing command in container: context deadline exceeded';
    const judge = (): number => exitCodeOf({ status: 'Failure', reason: 'InternalError', message }, '`x` in pod a/b');
    expect(judge).toThrow(EnvironmentError);
    expect(judge).not.toThrow(NotStartedError);
    expect(judge).toThrow(/unknown whether the command finished/);
  });
});
