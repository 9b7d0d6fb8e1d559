import { describe, expect, test } from 'vitest';
import { NotStartedError } from '../../core/errors.ts';
import { sshFailure } from './failure.ts';

/** As OpenSSH 9.2 says them. */
describe('what ssh says', () => {
  test.each([
    'ssh: connect to host 192.0.2.1 port 22: Connection refused',
    'kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 192.0.2.1 port 22',
    'Connection timed out during banner exchange',
  ])('nothing has run, so it may be asked again: %s', (said) => {
    expect(sshFailure('n', said)).toBeInstanceOf(NotStartedError);
  });

  test.each([
    ['Host key verification failed.', /host key/],
    ['root@192.0.2.1: Permission denied (publickey).', /key in the agent/],
    ['ssh: Could not resolve hostname agent-1: Name or service not known', /--ssh-host address/],
  ])('a person must act: %s', (said, hint) => {
    const error = sshFailure('n', said);
    expect(error).not.toBeInstanceOf(NotStartedError);
    expect(error.hint).toMatch(hint);
  });

  test('anything else is in doubt', () => {
    expect(sshFailure('n', 'client_loop: send disconnect: Broken pipe').message).toMatch(/unknown whether the command ran/);
    expect(sshFailure('n', '')).not.toBeInstanceOf(NotStartedError);
  });
});
