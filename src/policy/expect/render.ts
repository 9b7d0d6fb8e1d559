/** Results of expectations as text, JSON and JUnit. */
import type { Judged } from './judge.ts';

export const EXPECT_FORMATS = ['text', 'json', 'junit'] as const;
export type ExpectFormat = (typeof EXPECT_FORMATS)[number];

const escaped = (given: string): string => given.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll(/[^\t\n\r\x20-\uFFFD]/g, '?');

function text(results: readonly Judged[], file: string): string {
  const lines = results.map(({ expectation, result, tried, because }) =>
    `${result}: ${expectation.name} (${expectation.expect}, ${tried} ${tried === 1 ? 'pair' : 'pairs'}; ${file}:${expectation.line})\n${because.map((line) => `  ${line}\n`).join('')}`);
  const count = (result: Judged['result']): number => results.filter((one) => one.result === result).length;
  return `${lines.join('')}${count('pass')} passed, ${count('fail')} failed, ${count('unknown')} unknown\n`;
}

/** The format that CI systems read; what is unknown is an error there, so that it is never taken for passed. */
function junit(results: readonly Judged[], file: string): string {
  const cases = results.map(({ expectation, result, because }) => {
    const inner = result === 'pass' ? '' : `<${result === 'fail' ? 'failure' : 'error'} message="${escaped(because[0] ?? result)}">${escaped(because.join('\n'))}</${result === 'fail' ? 'failure' : 'error'}>`;
    return `    <testcase classname="${escaped(file)}" name="${escaped(expectation.name)}" file="${escaped(file)}" line="${expectation.line}">${inner}</testcase>\n`;
  });
  const count = (result: Judged['result']): number => results.filter((one) => one.result === result).length;
  const totals = `tests="${results.length}" failures="${count('fail')}" errors="${count('unknown')}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals}>\n  <testsuite name="fairlead policy test" ${totals}>\n${cases.join('')}  </testsuite>\n</testsuites>\n`;
}

/** The results in a format; `file` is that of the expectations. */
export function renderResults(results: readonly Judged[], file: string, format: ExpectFormat): string {
  if (format === 'junit') return junit(results, file);
  if (format === 'text') return text(results, file);
  const documents = results.map(({ expectation, result, tried, because }) => ({ name: expectation.name, line: expectation.line, expect: expectation.expect, result, tried, because }));
  return `${JSON.stringify({ version: 1, file, ok: results.every((one) => one.result === 'pass'), results: documents }, null, 2)}\n`;
}
