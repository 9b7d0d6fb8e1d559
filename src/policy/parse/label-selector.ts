/** Label selectors of the API: their validation, and their meaning as an expression. */
import type { Path } from '../../cluster/manifests/origin.ts';
import { and, not, type LabelsOf, type Match } from '../model/match.ts';
import type { Checker } from './checker.ts';
import { labelKeyFault, labelValueFault } from './names.ts';

/** One requirement of a selector; matchLabels are requirements with one value. */
function expression(check: Checker, value: unknown, path: Path, on: LabelsOf): Match {
  const one = check.map(value, path, ['key', 'operator', 'values']);
  const key = check.text(one?.['key'], [...path, 'key']) ?? '';
  const operator = check.text(one?.['operator'], [...path, 'operator']) ?? '';
  const values = (check.list(one?.['values'], [...path, 'values']) ?? []).map((text, index) => check.text(text, [...path, 'values', index]) ?? '');
  const keyFault = labelKeyFault(key);
  if (keyFault !== undefined) check.invalid([...path, 'key'], key, keyFault);
  const valued = operator === 'In' || operator === 'NotIn';
  if (valued && values.length === 0) check.required([...path, 'values'], 'must be specified when `operator` is \'In\' or \'NotIn\'');
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) check.forbidden([...path, 'values'], 'may not be specified when `operator` is \'Exists\' or \'DoesNotExist\'');
  values.forEach((text, index) => {
    const fault = labelValueFault(text);
    if (fault !== undefined && valued) check.invalid([...path, 'values', index], text, fault);
  });
  switch (operator) {
    case 'In': return { op: 'label', on, key, values };
    // Both hold where the label is missing (labels.Requirement.Matches).
    case 'NotIn': return not({ op: 'label', on, key, values });
    case 'Exists': return { op: 'has', on, key };
    case 'DoesNotExist': return not({ op: 'has', on, key });
    default:
      check.invalid([...path, 'operator'], operator, 'not a valid selector operator');
      return { op: 'none' };
  }
}

/** A metav1.LabelSelector's meaning; undefined when it is absent or null. `{}` is everything. */
export function labelSelector(check: Checker, value: unknown, path: Path, on: LabelsOf): Match | undefined {
  const selector = check.map(value, path, ['matchLabels', 'matchExpressions']);
  if (selector === undefined) return undefined;
  const labels = check.map(selector['matchLabels'], [...path, 'matchLabels']) ?? {};
  const equal = Object.entries(labels).map(([key, given]): Match => {
    const at = [...path, 'matchLabels', key];
    const text = check.text(given, at) ?? '';
    const fault = labelKeyFault(key) ?? labelValueFault(text);
    if (fault !== undefined) check.invalid([...path, 'matchLabels'], labelKeyFault(key) === undefined ? text : key, fault);
    return { op: 'label', on, key, values: [text] };
  });
  const expressions = (check.list(selector['matchExpressions'], [...path, 'matchExpressions']) ?? []).map((one, index) => expression(check, one, [...path, 'matchExpressions', index], on));
  return and(...equal, ...expressions);
}
