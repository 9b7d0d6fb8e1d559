/** The corner cases of administrators' policies, Calico and Cilium, one test each, with the place that says what is right. */
import { describe, expect, it } from 'vitest';
import { Asker } from '../ask/question.ts';
import { triedEdit } from '../ask/tried-edit.ts';
import { engineOf } from '../testing/engine-of.ts';

const pod = (namespace: string, name: string, ip: string, more = ''): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}\nspec: {containers: [{name: x}]${more}}\nstatus: {podIP: ${ip}}\n---\n`;
const cluster = ['n1', 'n2'].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {team: ${name}}}\n---\n`).join('')
  + pod('n1', 'a', '10.42.0.1') + pod('n1', 'b', '10.42.0.2') + pod('n2', 'c', '10.42.0.3');
const object = (apiVersion: string, kind: string, name: string, spec: string, namespace = ''): string => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}${namespace === '' ? '' : `, namespace: ${namespace}`}}\nspec: ${spec}\n---\n`;
const np = (spec: string): string => object('networking.k8s.io/v1', 'NetworkPolicy', 'np', spec, 'n1');
const anp = (name: string, spec: string): string => object('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', name, spec);
const banp = (spec: string, name = 'default'): string => object('policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy', name, spec);
const cnp = (name: string, spec: string): string => object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name, spec);
const gnp = (name: string, spec: string): string => object('projectcalico.org/v3', 'GlobalNetworkPolicy', name, spec);
const cilium = (name: string, spec: string, namespace = 'n1'): string => object('cilium.io/v2', namespace === '' ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy', name, spec, namespace);
const ask = (policies: string, from = 'n1/a', to = 'n1/b', port = 80, enforcer = 'auto'): string => new Asker(engineOf(cluster + policies, enforcer).engine).ask({ from, to, port, protocol: 'TCP' }).verdict;
const problems = (policies: string): string[] => engineOf(cluster + policies, 'auto').problems;
const rule = (action: string, more = ''): string => `{action: ${action}, from: [{namespaces: {}}]${more}}`;

/** network-policy-api: apis/v1alpha1 and v1alpha2, comments of the fields. */
describe('administrators\' policies', () => {
  it('32: the lower priority is asked first; with equal ones the answer depends; others than 0 to 1000 are refused', () => {
    const two = (a: number, b: number): string => anp('x', `{priority: ${a}, subject: {namespaces: {}}, ingress: [${rule('Deny')}]}`) + anp('w', `{priority: ${b}, subject: {namespaces: {}}, ingress: [${rule('Allow')}]}`);
    expect([ask(two(1, 2)), ask(two(2, 1)), ask(two(1, 1))]).toEqual(['deny', 'allow', 'depends']);
    expect(problems(anp('x', `{priority: 1001, subject: {namespaces: {}}, ingress: [${rule('Deny')}]}`))).toEqual([expect.stringContaining('refused: spec.priority: Invalid value: 1001: should be less than or equal to 1000')]);
  });

  it('33: the first rule that matches wins, and what none matches goes on', () => {
    const spec = (rules: string): string => anp('x', `{priority: 1, subject: {namespaces: {}}, ingress: [${rules}]}`);
    expect([ask(spec(`${rule('Allow', ', ports: [{portNumber: {protocol: TCP, port: 80}}]')}, ${rule('Deny')}`)), ask(spec(`${rule('Deny')}, ${rule('Allow')}`)), ask(spec(rule('Deny')), '203.0.113.1')]).toEqual(['allow', 'deny', 'allow']);
  });

  const pass = anp('x', `{priority: 1, subject: {namespaces: {}}, ingress: [${rule('Pass')}]}`) + anp('w', `{priority: 2, subject: {namespaces: {}}, ingress: [${rule('Deny')}]}`);
  const baseline = (action: string): string => banp(`{subject: {namespaces: {}}, ingress: [${rule(action)}]}`);

  it('34: Pass goes past what is left of the tier to NetworkPolicies, and without one to the baseline', () => {
    expect([ask(pass), ask(pass + np('{podSelector: {}}')), ask(pass + baseline('Deny')), ask(pass + baseline('Allow'))]).toEqual(['allow', 'deny', 'deny', 'allow']);
  });

  it('35: after Pass the NetworkPolicies that select the pod decide finally, and the baseline is not asked', () => {
    expect([ask(pass + baseline('Deny') + np('{podSelector: {}, ingress: [{}]}')), ask(pass + baseline('Allow') + np('{podSelector: {}}')), ask(pass + baseline('Deny') + np('{podSelector: {matchLabels: {app: a}}, ingress: [{}]}'))]).toEqual(['allow', 'deny', 'deny']);
  });

  it('36: an accepted egress is still asked at the destination', () => {
    const accept = anp('x', '{priority: 1, subject: {namespaces: {}}, egress: [{action: Allow, to: [{namespaces: {}}]}]}');
    expect(ask(accept + np('{podSelector: {}}'))).toBe('deny');
  });

  it('37: the baseline of version 1 is named default and knows no Pass; that of version 2 has priorities', () => {
    expect(problems(banp(`{subject: {namespaces: {}}, ingress: [${rule('Pass')}]}`, 'other')).map((one) => one.replace(/.*refused: /, ''))).toEqual([
      expect.stringContaining('metadata.name: Invalid value: "other": Only one baseline'), expect.stringContaining('spec.ingress[0].action: Unsupported value: "Pass": supported values: "Allow", "Deny"')]);
    const two = cnp('x', `{tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [${rule('Accept')}]}`) + cnp('w', `{tier: Baseline, priority: 2, subject: {namespaces: {}}, ingress: [${rule('Deny')}]}`);
    expect(ask(two)).toBe('allow');
  });

  it('38: networks match pods as well', () => {
    expect(ask(cnp('x', '{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}'))).toBe('deny');
  });

  it('39: a subject of all namespaces has no pods of the nodes\' network, and peers have none either', () => {
    const host = pod('n1', 'h', '192.168.0.1', ', hostNetwork: true, nodeName: x');
    const deny = cnp('x', `{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [${rule('Deny')}]}`);
    expect([ask(host + deny, 'n1/h', 'n1/b'), ask(host + deny, 'n1/a', 'n1/h'), ask(host + deny)]).toEqual(['allow', 'allow', 'deny']);
  });
});

/** docs.tigera.io/calico: reference/resources/{tier,networkpolicy,globalnetworkpolicy}, network-policy/policy-tiers. */
describe('Calico', () => {
  it('40: tiers, then orders, then rules; Pass goes to the next tier; what nothing matches meets the tier\'s default action', () => {
    const tier = (name: string, more: string): string => object('projectcalico.org/v3', 'Tier', name, `{${more}}`);
    const allow = gnp('z', '{tier: late, ingress: [{action: Allow}]}') + tier('late', 'order: 20');
    expect([ask(tier('early', 'order: 10') + gnp('x', '{tier: early, ingress: [{action: Pass}]}') + allow), ask(tier('early', 'order: 10') + gnp('x', '{tier: early, ingress: []}') + allow), ask(tier('early', 'order: 10, defaultAction: Pass') + gnp('x', '{tier: early, ingress: []}') + allow)]).toEqual(['allow', 'deny', 'allow']);
    const both = (deny: string, accept: string): string => gnp('v', `{${deny}ingress: [{action: Deny}]}`) + gnp('w', `{${accept}ingress: [{action: Allow}]}`);
    expect([ask(both('order: 2, ', 'order: 1, ')), ask(both('order: 1, ', 'order: 2, ')), ask(both('', 'order: 9, ')), ask(both('', ''))]).toEqual(['allow', 'deny', 'allow', 'deny']);
    const kubernetes = np('{podSelector: {}, ingress: [{}]}');
    expect([ask(kubernetes + gnp('x', '{order: 999, ingress: [{action: Deny}]}')), ask(kubernetes + gnp('x', '{order: 1001, ingress: [{action: Deny}]}'))]).toEqual(['deny', 'allow']);
  });

  it('41: types follow from the rules; without any it is Ingress', () => {
    expect([ask(gnp('x', '{selector: app == \'a\', egress: [{action: Deny}]}'), 'n2/c', 'n1/a'), ask(gnp('x', '{selector: app == \'a\'}'), 'n2/c', 'n1/a'), ask(gnp('x', '{selector: app == \'a\'}'), 'n1/a', 'n2/c')]).toEqual(['allow', 'deny', 'allow']);
  });

  it('42: everything written on a side must hold: selectors, namespaces, accounts, nets and their negations', () => {
    const from = (source: string): string => gnp('x', `{ingress: [{action: Allow, source: {${source}}}]}`);
    const sources = ['selector: has(app)', 'selector: has(app), namespaceSelector: team == \'n2\'', 'selector: all(), notNets: [10.42.0.1/32]', 'notSelector: app == \'a\'', 'serviceAccounts: {names: [default]}', 'serviceAccounts: {names: [other]}', 'namespaceSelector: global()', 'nets: [10.42.0.0/24]'];
    expect(sources.map((source) => ask(from(source)))).toEqual(['allow', 'deny', 'deny', 'deny', 'allow', 'deny', 'deny', 'allow']);
    expect(['selector: all()', 'notSelector: app == \'a\''].map((source) => ask(from(source), '203.0.113.1'))).toEqual(['deny', 'allow']);
    const set = 'apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: s, labels: {role: friend}}\nspec: {nets: [203.0.113.0/24]}\n---\n';
    expect(ask(set + from('selector: role == \'friend\''), '203.0.113.1')).toBe('allow');
  });

  it('has a rule taken away only where that is enough', () => {
    const edits = (policies: string): number | undefined => {
      const { engine } = engineOf(cluster + policies, 'auto');
      const [verdict] = new Asker(engine).ask({ from: 'n1/a', to: 'n1/b', port: 80, protocol: 'TCP' }).answers;
      return triedEdit(engine, verdict!)?.length;
    };
    expect([edits(gnp('v', '{ingress: [{action: Deny}, {action: Allow}]}')), edits(gnp('v', '{ingress: [{action: Deny}, {action: Deny}]}')), edits(gnp('v', '{ingress: [{action: Deny}]}'))]).toEqual([1, undefined, undefined]);
  });

  it('leaves out what is staged, and says so', () => {
    const staged = object('projectcalico.org/v3', 'StagedGlobalNetworkPolicy', 's', '{ingress: [{action: Deny}]}');
    expect([ask(staged), problems(staged)]).toEqual(['allow', [expect.stringContaining('is staged')]]);
  });

  it('does not decide what hangs on source ports or HTTP', () => {
    expect([ask(gnp('x', '{ingress: [{action: Allow, protocol: TCP, source: {ports: [1000]}}]}')), ask(gnp('x', '{ingress: [{action: Allow, http: {methods: [GET]}}]}'))]).toEqual(['depends', 'depends']);
  });

  it.each([
    ['a selector', '{selector: "app = x"}', 'spec.selector: Invalid value: "app = x": invalid selector: cannot read "= x"'],
    ['an action', '{ingress: [{action: Drop}]}', 'spec.ingress[0].action: Unsupported value: "Drop"'],
    ['ports without protocol', '{ingress: [{action: Allow, destination: {ports: [80]}}]}', 'must set protocol to TCP, UDP, SCTP or UDPLite'],
    ['a net', '{ingress: [{action: Allow, source: {nets: [x]}}]}', 'spec.ingress[0].source.nets[0]: Invalid value: "x": expected an address or a prefix'],
    ['a range', '{ingress: [{action: Allow, protocol: TCP, destination: {ports: ["9:8"]}}]}', 'expected a range MIN:MAX'],
  ])('refuses %s that is none', (_what, spec, message) => {
    expect(problems(gnp('x', spec))).toEqual([expect.stringContaining(message)]);
  });
});

/** docs.cilium.io: security/policy. */
describe('Cilium', () => {
  const all = 'endpointSelector: {}';

  it('43: deny wins over every allow, also over Kubernetes\' policies', () => {
    expect(ask(cilium('x', `{${all}, ingress: [{fromEndpoints: [{}]}]}`) + np('{podSelector: {}, ingress: [{}]}') + cilium('w', `{${all}, ingressDeny: [{fromEntities: [all]}]}`, ''))).toBe('deny');
  });

  it('44: a section isolates its direction unless enableDefaultDeny says no; one policy that asks is enough', () => {
    const open = cilium('x', `{${all}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{matchLabels: {app: nobody}}]}]}`);
    expect([ask(cilium('x', `{${all}, ingress: [{}]}`)), ask(cilium('x', `{${all}, egress: [{toEndpoints: [{}]}]}`), 'n2/c', 'n1/a'), ask(open), ask(open + cilium('w', `{${all}, ingress: [{}]}`))]).toEqual(['deny', 'allow', 'allow', 'deny']);
  });

  it('45: the agent\'s mode changes what holds without a policy', () => {
    const config = (mode: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {enable-policy: ${mode}}\n---\n`;
    const some = cilium('x', '{endpointSelector: {matchLabels: {app: nobody}}, ingress: [{}]}');
    expect([ask(some + config('default')), ask(some + config('always')), ask(cilium('x', `{${all}, ingress: [{}]}`) + config('never'))]).toEqual(['allow', 'deny', 'allow']);
  });

  it('46: an empty selector is the own namespace, of a clusterwide policy all pods and nobody outside', () => {
    const own = cilium('x', `{${all}, ingress: [{fromEndpoints: [{}]}]}`);
    const wide = cilium('x', `{${all}, ingress: [{fromEndpoints: [{}]}]}`, '');
    expect([ask(own), ask(own, 'n2/c'), ask(wide, 'n2/c'), ask(wide, '203.0.113.1'), ask(own, 'n1/a', 'n2/c')]).toEqual(['allow', 'deny', 'allow', 'deny', 'allow']);
    const named = cilium('x', `{${all}, ingress: [{fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": n2}}]}]}`);
    expect([ask(named, 'n2/c'), ask(named)]).toEqual(['allow', 'deny']);
  });

  it('does not decide what hangs on requests or names, and decides the rest', () => {
    const http = cilium('x', `{${all}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}]}`);
    expect([ask(http), ask(http, 'n1/a', 'n1/b', 81)]).toEqual(['depends', 'deny']);
    const dns = cilium('x', `{${all}, egress: [{toFQDNs: [{matchName: example.org}]}]}`);
    expect([ask(dns, 'n1/a', '203.0.113.1'), ask(dns, 'n1/a', 'n1/b')]).toEqual(['depends', 'deny']);
    const anything = cilium('x', `{${all}, ingress: [{toPorts: [{ports: [{port: "80"}], rules: {dns: [{matchPattern: "*"}]}}]}]}`);
    expect(ask(anything, 'n2/c')).toBe('allow');
  });

  it('chooses its enforcer by the policies, and refuses a mixture', () => {
    expect(() => ask(cilium('x', `{${all}}`) + gnp('w', '{}'))).toThrow('policies of calico and cilium');
    expect(engineOf(cluster + cilium('x', `{${all}}`), 'calico').problems).toEqual([expect.stringContaining('calico does not act on such; they are inert')]);
  });
});
