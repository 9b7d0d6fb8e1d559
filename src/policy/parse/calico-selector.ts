/** Calico's selector language (docs.tigera.io: reference/resources/networkpolicy, "Selectors"), parsed to expressions. */
import { ALL, and, NONE, not, or, type LabelsOf, type Match } from '../model/match.ts';

type Token = { kind: 'word' | 'text' | 'sign'; text: string; at: number };

const TOKEN = /\s*(?:(&&|\|\||==|!=|[!(){},])|'([^']*)'|"([^"]*)"|([\w./-]+))/y;

class Syntax extends Error {}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (source.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new Syntax(`cannot read ${JSON.stringify(source.slice(at).trim())}`);
    const [all, sign, single, double, word] = match;
    tokens.push({ kind: sign !== undefined ? 'sign' : word !== undefined ? 'word' : 'text', text: sign ?? word ?? single ?? double ?? '', at });
    at += all.length;
  }
  return tokens;
}

/** Whose labels a label of the language belongs to, and what the labels that Calico itself sets stand for. */
function labelled(on: LabelsOf, key: string): { on: LabelsOf; key: string } | 'namespace' | 'account' | 'orchestrator' {
  if (on === 'pod' && key.startsWith('pcns.')) return labelled('namespace', key.slice(5));
  if (on === 'pod' && key.startsWith('pcsa.')) return labelled('account', key.slice(5));
  if (on === 'namespace' && key === 'projectcalico.org/name') return 'namespace';
  if (on === 'account' && key === 'projectcalico.org/name') return 'account';
  if (on === 'pod' && key === 'projectcalico.org/namespace') return 'namespace';
  if (on === 'pod' && key === 'projectcalico.org/serviceaccount') return 'account';
  return on === 'pod' && key === 'projectcalico.org/orchestrator' ? 'orchestrator' : { on, key };
}

function isOneOf(on: LabelsOf, key: string, values: readonly string[]): Match {
  const label = labelled(on, key);
  if (label === 'namespace') return or(...values.map((name): Match => ({ op: 'namespace', name })));
  if (label === 'account') return { op: 'account', names: values };
  if (label === 'orchestrator') return values.includes('k8s') ? ALL : NONE;
  return { op: 'label', ...label, values };
}

const has = (on: LabelsOf, key: string): Match => {
  const label = labelled(on, key);
  return typeof label === 'string' ? ALL : { op: 'has', ...label };
};

function texts(on: LabelsOf, key: string, how: 'contains' | 'starts' | 'ends', text: string): Match {
  const label = labelled(on, key);
  if (typeof label === 'string') throw new Syntax(`${how} is not understood for ${key}`);
  return { op: 'text', ...label, how, text };
}

class Parser {
  readonly #tokens: Token[];
  readonly #on: LabelsOf;
  #next = 0;

  constructor(source: string, on: LabelsOf) {
    this.#tokens = tokensOf(source);
    this.#on = on;
  }

  #peek(text: string, kind: Token['kind'] = 'sign'): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === kind && token.text === text;
  }

  #take(text: string, kind: Token['kind'] = 'sign'): boolean {
    const found = this.#peek(text, kind);
    if (found) this.#next += 1;
    return found;
  }

  #expect(text: string, kind: Token['kind'] = 'sign'): void {
    if (!this.#take(text, kind)) throw new Syntax(`expected ${JSON.stringify(text)} ${this.#where()}`);
  }

  #where(): string {
    const token = this.#tokens[this.#next];
    return token === undefined ? 'at the end' : `before ${JSON.stringify(token.text)}`;
  }

  #text(): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'text') throw new Syntax(`expected a quoted value ${this.#where()}`);
    this.#next += 1;
    return token.text;
  }

  whole(): Match {
    if (this.#tokens.length === 0) return ALL;
    const found = this.#or();
    if (this.#next < this.#tokens.length) throw new Syntax(`unexpected ${JSON.stringify(this.#tokens[this.#next]?.text)}`);
    return found;
  }

  #or(): Match {
    const parts = [this.#and()];
    while (this.#take('||')) parts.push(this.#and());
    return or(...parts);
  }

  #and(): Match {
    const parts = [this.#unary()];
    while (this.#take('&&')) parts.push(this.#unary());
    return and(...parts);
  }

  #unary(): Match {
    if (this.#take('!')) return not(this.#unary());
    if (this.#take('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word') throw new Syntax(`expected a label ${this.#where()}`);
    this.#next += 1;
    return this.#peek('(') ? this.#call(token.text) : this.#comparison(token.text);
  }

  #call(name: string): Match {
    this.#expect('(');
    if (name === 'has') {
      const token = this.#tokens[this.#next];
      if (token?.kind !== 'word') throw new Syntax(`expected a label ${this.#where()}`);
      this.#next += 1;
      this.#expect(')');
      return has(this.#on, token.text);
    }
    this.#expect(')');
    if (name === 'all') return ALL;
    // global() is everything that has no namespace: host endpoints and global network sets.
    if (name === 'global') return NONE;
    throw new Syntax(`there is no function ${name}()`);
  }

  #set(): string[] {
    this.#expect('{');
    const values: string[] = [];
    while (!this.#take('}')) {
      values.push(this.#text());
      if (!this.#peek('}')) this.#expect(',');
    }
    return values;
  }

  #comparison(key: string): Match {
    const on = this.#on;
    if (this.#take('==')) return isOneOf(on, key, [this.#text()]);
    // Both negations hold where the label is missing.
    if (this.#take('!=')) return not(isOneOf(on, key, [this.#text()]));
    if (this.#take('in', 'word')) return isOneOf(on, key, this.#set());
    if (this.#take('not', 'word')) {
      this.#expect('in', 'word');
      return not(isOneOf(on, key, this.#set()));
    }
    if (this.#take('contains', 'word')) return texts(on, key, 'contains', this.#text());
    for (const [word, how] of [['starts', 'starts'], ['ends', 'ends']] as const) {
      if (!this.#take(word, 'word')) continue;
      this.#expect('with', 'word');
      return texts(on, key, how, this.#text());
    }
    throw new Syntax(`expected a comparison ${this.#where()}`);
  }
}

/** The meaning of a selector; an empty one is everything. A fault is returned in words. */
export function calicoSelector(source: string, on: LabelsOf): Match | { fault: string } {
  try {
    return new Parser(source, on).whole();
  } catch (error) {
    if (error instanceof Syntax) return { fault: error.message };
    throw error;
  }
}

/** Whether a namespace selector asks for what is in no namespace. */
export const asksForGlobal = (source: string): boolean => /\bglobal\(\)/.test(source);
