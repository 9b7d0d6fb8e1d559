import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowsNode, selects, type NodeSelector, type Requirement } from './selector.ts';

const object = (labels: Record<string, string>, name = 'n') => ({ metadata: { name, labels } });
const term = (...matchExpressions: Requirement[]): NodeSelector => ({ nodeSelectorTerms: [{ matchExpressions }] });

const word = fc.constantFrom('a', 'b', 'c', '1', '22', '-3', 'constructor');
const labels = fc.dictionary(word, word);
const requirement: fc.Arbitrary<Requirement> = fc.record({ key: word, operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'), values: fc.array(word, { minLength: 1, maxLength: 3 }) });
const terms = fc.array(fc.record({ matchExpressions: fc.array(requirement, { maxLength: 3 }) }), { maxLength: 3 });

describe('allowsNode', () => {
  it.each<[string, Requirement, Record<string, string>, boolean]>([
    ['In', { key: 'zone', operator: 'In', values: ['a', 'b'] }, { zone: 'b' }, true],
    ['In, label missing', { key: 'zone', operator: 'In', values: ['a'] }, {}, false],
    ['NotIn, label missing', { key: 'zone', operator: 'NotIn', values: ['a'] }, {}, true],
    ['Exists', { key: 'zone', operator: 'Exists' }, { zone: '' }, true],
    ['Gt', { key: 'cores', operator: 'Gt', values: ['8'] }, { cores: '16' }, true],
    ['Gt, equal', { key: 'cores', operator: 'Gt', values: ['8'] }, { cores: '8' }, false],
    ['Lt', { key: 'cores', operator: 'Lt', values: ['8'] }, { cores: '-1' }, true],
    ['Gt, not a number', { key: 'cores', operator: 'Gt', values: ['8'] }, { cores: 'many' }, false],
    ['a key that objects have by themselves', { key: 'constructor', operator: 'Exists' }, {}, false],
  ])('%s', (_what, one, given, expected) => {
    expect(allowsNode(term(one), object(given))).toBe(expected);
  });

  it('knows nodes by name, and takes no term, or one without parts, for nothing', () => {
    const byName: NodeSelector = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] };
    expect(allowsNode(byName, object({}))).toBe(true);
    expect(allowsNode(byName, object({}, 'other'))).toBe(false);
    expect(allowsNode({ nodeSelectorTerms: [] }, object({}))).toBe(false);
    expect(allowsNode({ nodeSelectorTerms: [{}] }, object({}))).toBe(false);
  });

  it('is opened by more terms and closed by more requirements, never the other way', () => {
    fc.assert(fc.property(terms, requirement, labels, (some, one, given) => {
      const before = allowsNode({ nodeSelectorTerms: some }, object(given));
      const wider = allowsNode({ nodeSelectorTerms: [...some, { matchExpressions: [one] }] }, object(given));
      const closer = some.map(({ matchExpressions }) => ({ matchExpressions: matchExpressions.length === 0 ? [] : [...matchExpressions, one] }));
      if (before) expect(wider).toBe(true);
      if (allowsNode({ nodeSelectorTerms: closer }, object(given))) expect(before).toBe(true);
    }));
  });

  it('says the opposite for the opposite operator', () => {
    fc.assert(fc.property(requirement, labels, (one, given) => {
      const opposite = ({ In: 'NotIn', NotIn: 'In', Exists: 'DoesNotExist', DoesNotExist: 'Exists' } as const)[one.operator as 'In'];
      fc.pre(opposite !== undefined);
      expect(allowsNode(term({ ...one, operator: opposite }), object(given))).toBe(!allowsNode(term(one), object(given)));
    }));
  });
});

describe('selects', () => {
  it('wants every label and every expression; an empty selector selects all, a missing one nothing', () => {
    expect(selects({ matchLabels: { app: 'a' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, object({ app: 'a', tier: 'x' }))).toBe(true);
    expect(selects({ matchLabels: { app: 'a' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, object({ app: 'a' }))).toBe(false);
    expect(selects({ matchLabels: { app: 'b' } }, object({ app: 'a' }))).toBe(false);
    expect(selects({}, object({}))).toBe(true);
    expect(selects(undefined, object({ app: 'a' }))).toBe(false);
  });
});
