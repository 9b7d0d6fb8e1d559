/** Clients that run in a pod, in the words of two programs: what each is started with, and what it said. Pure. */

/** `node`: fetch of Node.js. `go`: the stream client of the demo application. */
export type Tongue = 'node' | 'go';
export const TONGUES: readonly Tongue[] = ['node', 'go'];

/** What an attempt came to: the text that a user would read, where it failed. */
export type Attempted = { ok: true } | { ok: false; text: string };

/** Of the ports that the fetch standard blocks (https://fetch.spec.whatwg.org/#port-blocking) cases must not draw one. */
const FETCH = [
  'const [url, bytes] = process.argv.slice(1);',
  "const upload = Number(bytes) > 0 ? { method: 'POST', body: 'x'.repeat(Number(bytes)) } : {};",
  "fetch(url, { ...upload, headers: { connection: 'close' }, signal: AbortSignal.timeout(15000) })",
  ".then(async (answer) => { await answer.text(); if (!answer.ok) throw new Error('HTTP status ' + answer.status + ' ' + answer.statusText + ' from ' + url); process.stdout.write('@@ok'); })",
  ".catch((error) => { const all = []; for (let one = error; one; one = one.cause) all.push(...(one.errors ?? [one])); process.stdout.write('@@no ' + all.map((one) => one.name + ': ' + one.message).join(' [cause]: ')); });",
].join(' ');

/** For the shell: the word as it is. */
export const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Words for a shell on a node that print the id of the first process of a container with this mark; they fail when there is none. */
export const pidOf = (mark: string): string => `pgrep -f -- ${quoted(`^/(usr/local/bin/node|bin/sh) (-e|-c) .* ${mark}$`)} | head -n 1 | grep .`;

/** Runs a command of the node in the network of a container with this mark. */
export const inNetworkOf = (mark: string, command: string): string => `pid=$(${pidOf(mark)}) && nsenter -t "$pid" -n ${command}`;

/** Lines for the shell of a node that run a client in the network of a pod and with its files. They end with 0 unless the client could not be run. */
export function clientScript(tongue: Tongue, mark: string, url: string, uploadBytes = 0): string {
  const { hostname, port, protocol } = new URL(url);
  const at = `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
  const inPod = (container: string, seconds: number, argv: readonly string[]): string => `pid=$(${pidOf(`${mark}.${container}`)}) || exit 3\ntimeout ${seconds} nsenter -t "$pid" -m -n -- ${argv.map(quoted).join(' ')} 2>&1`;
  if (tongue === 'node') return `${inPod('js', 25, ['/usr/local/bin/node', '-e', FETCH, url, String(uploadBytes)])} || true`;
  return `export PORT=18099 STREAM_ADDRESS=${quoted(at)}\n${inPod('sh', 8, ['/shop', 'stream-client'])} | head -n 1`;
}

/** Reads what a client printed. Errors: one when it is nothing that this client prints. */
export function readClient(tongue: Tongue, printed: string): Attempted {
  const text = printed.trim();
  if (text.endsWith('@@ok')) return { ok: true };
  if (tongue === 'node') {
    const [, said] = /@@no ([\s\S]*)$/.exec(text) ?? [];
    if (said === undefined) throw new Error(`the client of Node.js printed neither an answer nor an error: ${text.slice(0, 500)}`);
    return { ok: false, text: said.trim() };
  }
  // Once it is connected, the stream client complains of what an HTTP server answers.
  if (text !== '' && !text.startsWith('shop stream-client: ')) throw new Error(`the stream client printed nothing of its own: ${text.slice(0, 500)}`);
  return /: (?:dial |lookup )/.test(text) ? { ok: false, text } : { ok: true };
}
