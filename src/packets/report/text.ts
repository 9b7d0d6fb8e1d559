/** The report for people: the verdict first, then what was seen, then what could not be. */
import type { CaptureReport } from './schema.ts';

const MARK = { fault: 'FAULT', warning: 'warn ', note: 'note ' } as const;
/** Width of the lines. */
const WIDTH = 110;
/** Protocols in the summary, as they are called. */
const NAMES: Readonly<Record<string, string>> = { arp: 'ARP', ipv4: 'IPv4', ipv6: 'IPv6', tunnelled: 'in tunnels', tcp: 'TCP', udp: 'UDP', icmp: 'ICMP', sctp: 'SCTP', sctpChunks: 'SCTP chunks', sctpAborts: 'SCTP aborts', wireguard: 'WireGuard' };

export interface TextOptions { bold(text: string): string; red(text: string): string; yellow(text: string): string; dim(text: string): string }

/** With commas between thousands; without loading a locale. */
const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

export function renderCapture(report: CaptureReport, style: TextOptions): string {
  const lines: string[] = [];
  const { packets, bytes, durationSeconds, signatures, tcp, files } = report;
  lines.push(`${number(packets)} packets, ${size(bytes)} on the wire, in ${duration(durationSeconds)}${report.startedAt === undefined ? '' : ` from ${report.startedAt}`}`);
  for (const { file, packets: of, cut } of files) {
    if (files.length > 1) lines.push(`  ${file}: ${number(of)} packets`);
    if (cut !== undefined) lines.push(style.yellow(`  ${file} is analysed up to byte ${number(cut.at)}: ${cut.why}`));
  }
  const protocols = Object.entries(report.protocols).filter(([, count]) => count > 0).map(([name, count]) => `${NAMES[name] ?? name} ${number(count)}`);
  if (protocols.length > 0) lines.push(...wrap(protocols.join(', '), '  '));
  lines.push('', style.bold(verdict(report)));
  for (const { id, weight, title, count, firstAt, example, more, next, file, frame } of signatures) {
    const mark = weight === 'fault' ? style.red(MARK[weight]) : weight === 'warning' ? style.yellow(MARK[weight]) : style.dim(MARK[weight]);
    lines.push('', `${mark} ${style.bold(id)}: ${title}`, `      ${number(count)}× since ${clock(firstAt)}, ${file === undefined ? '' : `${file} `}frame ${number(frame)}`);
    lines.push(...wrap(example, '      e.g. ', '           '));
    for (const other of (more ?? []).slice(0, 2)) lines.push(...wrap(other, '      also ', '           '));
    lines.push(...wrap(next, '      next ', '           '));
  }
  if ((report.protocols['tcp'] ?? 0) > 0) {
    lines.push('', style.bold("TCP, by the definitions of tshark's expert system"));
    const shown: [string, number][] = [
      ['retransmissions', tcp.retransmissions], ['of them fast', tcp.fastRetransmissions], ['of them spurious', tcp.spuriousRetransmissions], ['out of order', tcp.outOfOrder], ['duplicate ACKs', tcp.duplicateAcks],
      ['zero windows', tcp.zeroWindow], ['RST', tcp.rst], ['SYN unanswered', tcp.synUnanswered], ['previous segment not captured', tcp.lostSegments], ['keep-alives', tcp.keepAlives], ['ports reused', tcp.reusedPorts], ['window full', tcp.windowFull],
    ];
    lines.push(...wrap(shown.map(([name, count]) => `${name} ${number(count)}`).join(', '), '  '));
    lines.push(...options(report.tcpOptions));
  }
  if (report.applications.length > 0) lines.push('', style.bold('Connections by what they carry'), ...wrap(report.applications.slice(0, 12).map(({ what, count }) => `${what} ${number(count)}`).join(', '), '  '));
  const calls = [...report.http.map(({ status, count }): [string, number] => [`HTTP ${status}`, count]), ...report.grpc.map(({ status, count }): [string, number] => [`gRPC ${status}`, count])];
  if (calls.length > 0) lines.push('', style.bold('Answers'), ...wrap(calls.slice(0, 24).map(([what, count]) => `${what} ${number(count)}`).join(', '), '  '));
  if (report.paths.length > 0) {
    lines.push('', style.bold('Ways of packets over the capture points'));
    for (const { flow, points, delay, packets: of } of report.paths.slice(0, 10)) lines.push(...wrap(`${flow}: ${points.join(' → ')}, ${number(of)} packets${delay === '' ? '' : `, ${delay}`}`, '  ', '    '));
  }
  if (report.remarks.length > 0) lines.push('', style.bold('Remarks'), ...report.remarks.flatMap((remark) => wrap(remark, '  ', '  ')));
  return `${lines.join('\n')}\n`;
}

function verdict({ packets, signatures }: CaptureReport): string {
  if (packets === 0) return 'There is no packet in the capture: nothing can be said.';
  const faults = signatures.filter(({ weight }) => weight === 'fault').length;
  const warnings = signatures.filter(({ weight }) => weight === 'warning').length;
  if (faults + warnings === 0) return 'Nothing in these packets points at a fault of the network.';
  const parts = [...(faults > 0 ? [`${faults} ${faults === 1 ? 'sign' : 'signs'} of a fault`] : []), ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'thing' : 'things'} to look at`] : [])];
  return `${parts.join(', ')}:`;
}

/** What SYNs offered; nothing without SYNs. */
function options({ syns, windowScale, sackPermitted, timestamps, mss, sacks, duplicateSacks }: CaptureReport['tcpOptions']): string[] {
  if (syns === 0) return [];
  const sizes = mss.slice(0, 4).map(({ bytes, count }) => `${bytes} (${number(count)}×)`).join(', ');
  const blocks = sacks === 0 ? '' : `; SACK blocks in ${number(sacks)} segments${duplicateSacks === 0 ? '' : `, ${number(duplicateSacks)} of them about data that came twice`}`;
  return wrap(`offered by ${number(syns)} SYN and SYN-ACK: MSS ${sizes === '' ? 'by none' : sizes}${mss.length > 4 ? ' and others' : ''}; window scale ${number(windowScale)}, SACK ${number(sackPermitted)}, timestamps ${number(timestamps)}${blocks}`, '  ');
}

const clock = (iso: string): string => iso.slice(11, -4);

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, -1];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

const duration = (seconds: number): string => (seconds < 120 ? `${seconds.toFixed(seconds < 10 ? 3 : 1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);

function wrap(text: string, first: string, rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      [line, empty] = [rest, true];
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
