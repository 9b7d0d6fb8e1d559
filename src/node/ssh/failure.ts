/** What the OpenSSH client says when there was no command, and what that means. */
import { EnvironmentError, NotStartedError } from '../../core/errors.ts';

/** A person must do something; asking again would change nothing. */
const REFUSALS: readonly [RegExp, string][] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/, 'Compare the host key with the node itself, then correct known_hosts: Fairlead accepts no key on its own.'],
  [/Permission denied|Too many authentication failures/, 'Log in once by hand (ssh -o BatchMode=yes …): a key in the agent or in ~/.ssh/config is needed, passwords are not asked for.'],
  [/Could not resolve hostname/, 'Give the name an entry in ~/.ssh/config, or reach nodes by their addresses with --ssh-host address.'],
  [/Bad configuration option|terminating, \d+ bad configuration/, 'Correct the OpenSSH configuration file.'],
];

/** The way was not open: nothing has run. */
const NOT_OPEN = /ssh: connect to host|kex_exchange_identification|banner exchange|Connection (?:closed|reset|timed out)|mux_client|Control socket|Session open refused/;

/** The error for an ssh that ended with its own status 255 before the command had said anything. */
export function sshFailure(host: string, stderr: string): EnvironmentError {
  const said = stderr.trim().slice(-800) || 'it said nothing';
  const refusal = REFUSALS.find(([pattern]) => pattern.test(stderr));
  if (refusal !== undefined) return new EnvironmentError(`ssh to ${host} was refused: ${said}`, { hint: refusal[1] });
  if (NOT_OPEN.test(stderr)) return new NotStartedError(`ssh to ${host}: ${said}`);
  return new EnvironmentError(`ssh to ${host} ended without an answer; it is unknown whether the command ran: ${said}`);
}
