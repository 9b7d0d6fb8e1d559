/** Findings as one HTML page without scripts and without anything to load. */
import type { Finding } from '../core/finding.ts';
import { checkedText, countText, type FindingsReport } from './document.ts';

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** Text in which nothing is markup. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);
}

const esc = escapeHtml;
const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}h2{font-size:1.05rem;margin:0}section{border-left:.4rem solid;padding:.2rem 1rem;margin:1.5rem 0}.error{border-color:#b3261e}.warning{border-color:#b26a00}.info{border-color:#31698a}table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}pre{background:#f2f2f2;padding:.6rem;overflow:auto}small{color:#555}@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}pre{background:#262626}small{color:#aaa}}';

function one(finding: Finding): string {
  const rows = finding.evidence.map((seen) => `<tr><td>${esc(seen.source)}${seen.place === undefined ? '' : ` <small>${esc(seen.place.file)}:${seen.place.line}</small>`}${seen.level === 'observed' ? '' : ` <small>${seen.level}</small>`}</td><td>${esc(seen.excerpt)}</td></tr>`);
  const fixes = finding.fix.map((fix) => `<p><b>To do.</b> ${esc(fix.what)}</p>${fix.command === undefined ? '' : `<pre>${esc(fix.command)}</pre>`}`);
  return `<section class="${finding.severity}" id="${esc(finding.rule)}"><h2>${esc(finding.rule)} · ${finding.severity} · ${esc(finding.summary)}</h2><p>${finding.subjects.map((subject) => `<code>${esc(subject)}</code>`).join(', ')}</p><table>${rows.join('')}</table><p><b>What breaks.</b> ${esc(finding.why)}</p>${fixes.join('')}${finding.refs.length === 0 ? '' : `<p><small>${finding.refs.map(esc).join(', ')}</small></p>`}</section>`;
}

/** The page. */
export function renderHtml(report: FindingsReport): string {
  const list = (title: string, items: readonly string[]): string => (items.length === 0 ? '' : `<h2>${title}</h2><ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`);
  const ignored = report.ignored.map(({ finding, reason, by }) => `${esc(finding.rule)} ${esc(finding.subjects.join(', '))}: ${esc(reason)} (${by})`);
  const unknown = report.unknown.map(({ what, why }) => `${esc(what)}, because: ${esc(why)}`);
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Audit of ${esc(report.subject)}</title><style>${STYLE}</style></head><body><h1>Audit of ${esc(report.subject)}</h1><p>${esc(countText(report))}. ${esc(checkedText(report))}.</p>\n${report.findings.map(one).join('\n')}\n${list('Ignored', ignored)}${list('Not known', unknown)}</body></html>\n`;
}
