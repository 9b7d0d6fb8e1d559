/** Corefiles (coredns.io/manual/configuration): the servers and those plugins that say how names are resolved. */

/** Plugins whose arguments are addresses, zones, sizes and times. Of others (route53, azure, tsig, …) only the name is kept. */
const OPEN_PLUGINS = new Set(['forward', 'proxy', 'loop', 'cache', 'errors', 'health', 'ready', 'kubernetes', 'hosts', 'reload', 'loadbalance', 'prometheus', 'log', 'bind', 'import', 'rewrite', 'template', 'file', 'auto', 'bufsize', 'minimal', 'nodecache']);
/** Properties inside of a plugin's block that are kept, by their first word. */
const OPEN_PROPERTIES = new Set(['lameduck', 'pods', 'fallthrough', 'ttl', 'max_concurrent', 'policy', 'prefer_udp', 'force_tcp', 'max_fails', 'expire', 'health_check', 'success', 'denial', 'prefetch', 'serve_stale', 'disable', 'except', 'namespaces', 'endpoint_pod_names', 'noendpoints', 'next', 'class', 'consolidate', 'stop']);
const ADDRESS_LINE = /^[0-9a-fA-F.:]+\s+[a-zA-Z0-9._ -]+$/;

/** The Corefile with everything else left out, line by line. */
export function keepCorefile(text: string): string {
  const lines: string[] = [];
  let depth = 0;
  let open = true;
  for (const raw of text.slice(0, 65_536).split('\n')) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    const [word = ''] = line.split(/\s+/);
    const opens = line.endsWith('{');
    const indent = '    '.repeat(Math.max(0, line === '}' ? depth - 1 : depth));
    if (line === '}') lines.push(`${indent}}`);
    else if (depth === 0) lines.push(indent + line);
    else if (depth === 1) {
      open = OPEN_PLUGINS.has(word);
      lines.push(`${indent}${open ? line : `${word}${opens ? ' {' : ''}`}`);
    } else if (open && (OPEN_PROPERTIES.has(word) || ADDRESS_LINE.test(line))) lines.push(indent + line);
    else if (opens) lines.push(`${indent}${word} {`);
    depth += (opens ? 1 : 0) - (line === '}' ? 1 : 0);
  }
  return `${lines.join('\n')}\n`;
}
