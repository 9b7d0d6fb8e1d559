/** Becoming root on a host where the login is another user's: by sudo, with a password where it wants one. */
import { randomBytes } from 'node:crypto';
import { EnvironmentError } from '../../core/errors.ts';
import type { ProcessResult } from '../../core/process.ts';
import type { SecretReference } from '../../core/secret-reference.ts';
import { sshFailure } from './failure.ts';
import { remoteCommand } from './quote.ts';

/** A command line for the login shell, and its input. */
export interface RootCommand {
  command: string;
  stdin?: Uint8Array;
}

/** Makes root's command of an argv and its input. */
export type Become = (argv: readonly string[], stdin?: Uint8Array) => RootCommand;

/** Runs a command line on the host, as the login user. */
export type LoginShell = (command: string, stdin?: Uint8Array) => Promise<ProcessResult>;

/**
 * Takes in lines up to the one that is its first argument, then is the command. A sudo that unexpectedly needs no password
 * leaves it unread: here is where it ends, and never in the command's input. `read` of a POSIX shell takes no byte too many.
 */
const UP_TO_MARK = 'mark=$1; shift; while IFS= read -r line && [ "$line" != "$mark" ]; do :; done; exec "$@"';

const asRoot: Become = (argv, stdin) => ({ command: remoteCommand(argv), ...(stdin === undefined ? {} : { stdin }) });
const withoutPassword: Become = (argv, stdin) => asRoot(['sudo', '-n', '--', ...argv], stdin);

/** `-k` with a command ignores what sudo remembers (sudo(8)): whether the password is read does not depend on what ran before. */
function withPassword(password: string): Become {
  return (argv, stdin) => {
    const mark = `fairlead-${randomBytes(12).toString('hex')}`;
    return { command: remoteCommand(['sudo', '-k', '-S', '-p', '', '--', 'sh', '-c', UP_TO_MARK, 'sh', mark, ...argv]), stdin: Buffer.concat([Buffer.from(`${password}\n${mark}\n`), stdin ?? new Uint8Array()]) };
  };
}

/** Finds out how the login user of a host becomes root. Errors: EnvironmentError when that is not allowed, or the password is wrong. */
export async function becomeRoot(host: string, run: LoginShell, password: SecretReference | undefined): Promise<Become> {
  const asked = await run(remoteCommand(['id', '-u']));
  const uid = /(\d+)\s*$/.exec(Buffer.from(asked.stdout).toString())?.[1];
  if (uid === undefined) throw sshFailure(host, asked.stderr);
  if (uid === '0') return asRoot;
  const refused = async (become: Become): Promise<string | undefined> => {
    const { command, stdin } = become(['env', 'true']);
    const { code, stderr } = await run(command, stdin);
    if (code === 255) throw sshFailure(host, stderr);
    return code === 0 ? undefined : stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
  };
  const withoutReason = await refused(withoutPassword);
  if (withoutReason === undefined) return withoutPassword;
  if (password === undefined) {
    throw new EnvironmentError(`ssh to ${host}: user id ${uid} may not become root: ${withoutReason}`, { hint: 'Log in as root with --ssh-user root, say where the password of sudo is with --ssh-sudo-password, or allow that user sudo without one.' });
  }
  const become = withPassword(await password.read());
  const reason = await refused(become);
  if (reason !== undefined) throw new EnvironmentError(`ssh to ${host}: user id ${uid} may not become root with the password of ${password.reference}: ${reason}`, { hint: 'Is it the password of that user on that host? Try `sudo -k true` there.' });
  return become;
}
