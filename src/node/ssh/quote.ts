/** Words for a remote shell: ssh hands the server one string, which the user's login shell reads. */

/** A word as any POSIX shell reads it back: in single quotes, in which nothing but their end means anything. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command line that makes a POSIX shell run exactly this argv. */
export function remoteCommand(argv: readonly string[]): string {
  return argv.map(quoted).join(' ');
}
