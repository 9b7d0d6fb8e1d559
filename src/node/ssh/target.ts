/** What OpenSSH is told about one host; whatever is absent is left to the user's own configuration. */

export interface SshTarget {
  /** An address, or a name of the user's configuration. */
  host: string;
  user?: string;
  port?: number;
  /** Private key, as ssh's `-i`. */
  identityFile?: string;
  /** Jump hosts, as ssh's `-J`. */
  jump?: string;
  /** More arguments of ssh. */
  args?: readonly string[];
}

/** The words after `ssh` that lead to this host, its name last. */
export function targetArguments({ host, user, port, identityFile, jump, args = [] }: SshTarget): string[] {
  const options = { '-l': user, '-p': port === undefined ? undefined : String(port), '-i': identityFile, '-J': jump };
  // The name of a host may begin with a dash in a file that somebody else wrote.
  return [...args, ...Object.entries(options).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])), '--', host];
}
