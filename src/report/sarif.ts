/** Findings as SARIF 2.1.0 (OASIS), which code hosts show at the lines that they are about. */
import { createHash } from 'node:crypto';
import type { Place } from '../core/evidence.ts';
import { fingerprint, type Finding } from '../core/finding.ts';
import type { FindingsReport } from './document.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** A relative reference for SARIF; absolute paths become file: addresses. */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path.replace(/^(\.\/)+/, '');
}

const location = ({ file, line }: Place): object => ({ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } } });

function result(finding: Finding, index: number): object {
  const places = finding.evidence.flatMap((seen) => (seen.place === undefined || seen.place.file === '-' ? [] : [seen.place]));
  const unique = [...new Map(places.map((place) => [`${place.file}:${place.line}`, place])).values()];
  return {
    ruleId: finding.rule,
    ...(index < 0 ? {} : { ruleIndex: index }),
    level: LEVELS[finding.severity],
    message: { text: [`${finding.summary}. ${finding.why}`, ...finding.fix.map((fix) => fix.what)].join('\n') },
    locations: unique.length === 0 ? [{ logicalLocations: finding.subjects.map((name) => ({ fullyQualifiedName: name })) }] : unique.slice(0, 1).map(location),
    ...(unique.length > 1 ? { relatedLocations: unique.slice(1).map(location) } : {}),
    partialFingerprints: { 'fairlead/v1': createHash('sha256').update(fingerprint(finding)).digest('hex') },
  };
}

/** The log with one run. What is ignored is in it, as suppressed. */
export function renderSarif(report: FindingsReport): string {
  const rules = report.checked.map(({ rule, title }) => ({ id: rule, shortDescription: { text: title } }));
  const indexOf = (rule: string): number => rules.findIndex((one) => one.id === rule);
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'fairlead', semanticVersion: report.tool, rules } },
      columnKind: 'utf16CodeUnits',
      results: [
        ...report.findings.map((finding) => result(finding, indexOf(finding.rule))),
        ...report.ignored.map(({ finding, reason, by }) => ({ ...result(finding, indexOf(finding.rule)), suppressions: [{ kind: by === 'remark' ? 'inSource' : 'external', justification: reason }] })),
      ],
      invocations: [{ executionSuccessful: true, toolExecutionNotifications: report.unknown.map(({ what, why }) => ({ level: 'note', message: { text: `not known: ${what}, because: ${why}` } })) }],
    }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}
