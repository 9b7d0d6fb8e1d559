/** Findings as JUnit XML: a test case for each rule, so that pipelines show them. */
import type { FindingsReport } from './document.ts';
import { escapeHtml } from './html.ts';

/** XML 1.0 has no place for control characters, not even escaped. */
// oxlint-disable-next-line no-control-regex -- these are the characters that must go
const xml = (text: string): string => escapeHtml(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd'));

/** The document. A rule that found something fails; one that was not judged, or is about other clusters, is skipped with the reason. Findings for information do not fail. */
export function renderJunit(report: FindingsReport): string {
  const cases = report.checked.map((rule) => {
    const found = report.findings.filter((one) => one.rule === rule.rule && one.severity !== 'info');
    const failures = found.map((one) => `    <failure type="${one.severity}" message="${xml(one.summary)}">${xml([one.subjects.join(', '), ...one.evidence.map((seen) => `${seen.source}${seen.place === undefined ? '' : ` (${seen.place.file}:${seen.place.line})`}: ${seen.excerpt}`), one.why, ...one.fix.map((fix) => `${fix.what}${fix.command === undefined ? '' : `\n${fix.command}`}`)].join('\n'))}</failure>\n`);
    const skipped = rule.verdict === 'skip' || rule.verdict === 'unknown' ? [`    <skipped>${xml(rule.why ?? rule.verdict)}</skipped>\n`] : [];
    return { failed: found.length > 0, skipped: skipped.length > 0 && found.length === 0, text: `  <testcase classname="fairlead.audit" name="${xml(`${rule.rule} ${rule.title}`)}">\n${[...failures, ...(found.length > 0 ? [] : skipped)].join('')}  </testcase>\n` };
  });
  const count = (what: 'failed' | 'skipped'): number => cases.filter((one) => one[what]).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="${xml(`fairlead audit ${report.subject}`)}" tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}" errors="0">\n${cases.map((one) => one.text).join('')}</testsuite>\n`;
}
