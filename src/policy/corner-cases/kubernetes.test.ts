/** The corner cases of NetworkPolicy v1, one test each, with the place that says what is right. */
import { describe, expect, it } from 'vitest';
import { Asker } from '../ask/question.ts';
import { classOf, engineOf, verdictOf, type Made } from '../testing/engine-of.ts';

/** Pods `a` and `b` (label app) in n1, `c` in n2; n1 and n2 labelled team. */
const pod = (namespace: string, name: string, more = ''): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}\n${more}---\n`;
const at = (ip: string, node = 'node1', ports = ''): string => `spec: {nodeName: ${node}, containers: [{name: x, ports: [${ports}]}]}\nstatus: {podIP: ${ip}}\n`;
const cluster = ['n1', 'n2'].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {team: ${name}}}\n---\n`).join('')
  + ['node1', 'node2'].map((name, index) => `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\nspec: {podCIDR: 10.42.${index}.0/24}\nstatus: {addresses: [{type: InternalIP, address: 192.168.0.${index + 1}}]}\n---\n`).join('')
  + pod('n1', 'a', at('10.42.0.1')) + pod('n1', 'b', at('10.42.0.2', 'node1', '{name: web, containerPort: 8080}')) + pod('n2', 'c', at('10.42.1.3', 'node2'));
const policy = (spec: string, name = 'p', namespace = 'n1'): string => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n---\n`;

const made = (policies: string, enforcer = 'api'): Made => engineOf(cluster + policies, enforcer);
const ask = (policies: string, from: string, to: string, port = 80, protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP' = 'TCP', enforcer = 'api'): string =>
  new Asker(made(policies, enforcer).engine).ask({ from, to, port, protocol }).verdict;
const toB = (spec: string, from = 'n1/a', port = 80, protocol: 'TCP' | 'UDP' | 'SCTP' = 'TCP'): string => ask(policy(spec), from, 'n1/b', port, protocol);

/** k8s.io/api networking/v1 types.go (comments of the fields) unless another source is named. */
describe('NetworkPolicy', () => {
  it('1: a direction in which no policy selects the pod is open', () => {
    expect([ask('', 'n1/a', 'n1/b'), ask(policy('{podSelector: {matchLabels: {app: b}}, policyTypes: [Ingress]}'), 'n1/b', 'n1/a')]).toEqual(['allow', 'allow']);
  });

  it('2: egress of the source and ingress of the destination must both allow (kubernetes.io: "The two sorts of pod isolation")', () => {
    const egress = policy('{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: b}}}]}]}', 'e');
    expect([ask(egress, 'n1/a', 'n1/b'), ask(egress + policy('{podSelector: {matchLabels: {app: b}}}'), 'n1/a', 'n1/b')]).toEqual(['allow', 'deny']);
  });

  it('3: several policies are a union, in any order (kubernetes.io: "Network policies do not conflict; they are additive")', () => {
    const [deny, allow] = [policy('{podSelector: {}}', 'deny'), policy('{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}', 'allow')];
    expect([ask(deny + allow, 'n1/a', 'n1/b'), ask(allow + deny, 'n1/a', 'n1/b'), ask(deny, 'n1/a', 'n1/b')]).toEqual(['allow', 'allow', 'deny']);
  });

  it('4: without policyTypes it is Ingress, and Egress only where there is an egress rule', () => {
    expect([ask(policy('{podSelector: {}, egress: []}'), 'n1/a', 'n2/c'), ask(policy('{podSelector: {}, egress: [{ports: [{port: 1}]}]}'), 'n1/a', 'n2/c'), ask(policy('{podSelector: {}, egress: [{}]}'), 'n2/c', 'n1/a')]).toEqual(['allow', 'deny', 'deny']);
  });

  it('5: an ingress section under policyTypes [Egress] has no effect', () => {
    const spec = '{podSelector: {}, policyTypes: [Egress], ingress: [{from: [{podSelector: {matchLabels: {app: nobody}}}]}], egress: [{}]}';
    expect(ask(policy(spec), 'n2/c', 'n1/b')).toBe('allow');
    expect(made(policy(spec)).problems).toEqual([expect.stringContaining('spec.ingress: has no effect')]);
  });

  it('6: `ingress: []` allows nothing, `ingress: [{}]` everything', () => {
    expect([toB('{podSelector: {}, ingress: []}'), toB('{podSelector: {}}'), toB('{podSelector: {}, ingress: [{}]}')]).toEqual(['deny', 'deny', 'allow']);
  });

  it('7: no `from` is everybody, `podSelector: {}` the pods of the own namespace', () => {
    const [all, empty, own] = ['{podSelector: {}, ingress: [{}]}', '{podSelector: {}, ingress: [{from: []}]}', '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}'];
    expect([toB(all, '203.0.113.1'), toB(empty, '203.0.113.1'), toB(own, '203.0.113.1'), toB(own, 'n1/a'), toB(own, 'n2/c')]).toEqual(['allow', 'allow', 'deny', 'allow', 'deny']);
  });

  it('8: selectors in one item are both needed, in two items one is enough (kubernetes.io: "Behavior of to and from selectors")', () => {
    const [n, p] = ['namespaceSelector: {matchLabels: {team: n2}}', 'podSelector: {matchLabels: {app: a}}'];
    expect([toB(`{podSelector: {}, ingress: [{from: [{${n}, ${p}}]}]}`, 'n2/c'), toB(`{podSelector: {}, ingress: [{from: [{${n}}, {${p}}]}]}`, 'n2/c'), toB(`{podSelector: {}, ingress: [{from: [{${n}}, {${p}}]}]}`, 'n1/a')]).toEqual(['deny', 'allow', 'allow']);
  });

  it('9: `namespaceSelector: {}` is every namespace, the own one too', () => {
    const spec = '{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}';
    expect([toB(spec, 'n1/a'), toB(spec, 'n2/c'), toB(spec, '203.0.113.1')]).toEqual(['allow', 'allow', 'deny']);
  });

  it('10: a null selector is none, and a peer with nothing in it is refused (validation.go, ValidateNetworkPolicyPeer)', () => {
    expect(toB('{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}, namespaceSelector: null}]}]}', 'n1/a')).toBe('allow');
    expect(made(policy('{podSelector: {}, ingress: [{from: [{podSelector: null}]}]}')).problems).toEqual([expect.stringContaining('refused: spec.ingress[0].from[0]: Required value: must specify a peer')]);
  });

  it('11: NotIn and DoesNotExist hold where the label is missing (apimachinery pkg/labels)', () => {
    const spec = (one: string): string => `{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [${one}]}}]}]}`;
    expect([toB(spec('{key: none, operator: NotIn, values: [x]}')), toB(spec('{key: none, operator: DoesNotExist}')), toB(spec('{key: none, operator: In, values: [x]}'))]).toEqual(['allow', 'allow', 'deny']);
  });

  it('12: every namespace has the label kubernetes.io/metadata.name, also one nobody wrote down (KEP-2161)', () => {
    const spec = '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: n3}}}]}]}';
    expect(ask(pod('n3', 'd', at('10.42.1.9')) + policy(spec), 'n3/d', 'n1/b')).toBe('allow');
  });

  it('13: a port without protocol is TCP', () => {
    const spec = '{podSelector: {}, ingress: [{ports: [{port: 80}]}]}';
    expect([toB(spec), toB(spec, 'n1/a', 80, 'UDP'), toB(spec, 'n1/a', 80, 'SCTP')]).toEqual(['allow', 'deny', 'deny']);
  });

  it('14: a protocol without port is all of its ports and no other protocol', () => {
    const spec = '{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}';
    expect([toB(spec, 'n1/a', 1, 'UDP'), toB(spec, 'n1/a', 65_535, 'UDP'), toB(spec)]).toEqual(['allow', 'allow', 'deny']);
  });

  it('15: an SCTP rule isolates and opens no TCP', () => {
    const spec = '{podSelector: {}, ingress: [{ports: [{protocol: SCTP, port: 80}]}]}';
    expect([toB(spec), toB(spec, 'n1/a', 80, 'SCTP')]).toEqual(['deny', 'allow']);
  });

  it('16: a named port is that of the destination, by its protocol; addresses have none, which ends nothing', () => {
    const egress = policy('{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}');
    expect(['n1/b', 'n2/c', '203.0.113.1'].map((to) => ask(egress, 'n1/a', to, 8080))).toEqual(['allow', 'deny', 'deny']);
    expect([toB('{podSelector: {}, ingress: [{ports: [{port: web}]}]}', 'n1/a', 8080), toB('{podSelector: {}, ingress: [{ports: [{port: web, protocol: UDP}]}]}', 'n1/a', 8080, 'UDP')]).toEqual(['allow', 'deny']);
  });

  it('16: in a node\'s network nothing is meant by the name of a port (found by random clusters)', () => {
    const host = pod('n1', 'h', 'spec: {hostNetwork: true, nodeName: node2, containers: [{name: x, ports: [{name: web, containerPort: 8080}]}]}\nstatus: {podIP: 192.168.0.2}\n');
    const egress = policy('{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}');
    expect(['api', 'calico', 'kube-router'].map((enforcer) => ask(host + egress, 'n1/a', 'n1/h', 8080, 'TCP', enforcer))).toEqual(['depends', 'deny', 'deny']);
  });

  it('17: endPort is included, and refused without a number before it', () => {
    const spec = '{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 82}]}]}';
    expect([79, 80, 82, 83].map((port) => toB(spec, 'n1/a', port))).toEqual(['deny', 'allow', 'allow', 'deny']);
    const refusal = (port: string): string[] => made(policy(`{podSelector: {}, ingress: [{ports: [{${port}}]}]}`)).problems;
    expect(refusal('endPort: 9')[0]).toContain('ports[0].endPort: Invalid value: 9: may not be specified when `port` is not specified');
    expect(refusal('port: web, endPort: 9')[0]).toContain('may not be specified when `port` is non-numeric');
    expect(refusal('port: 10, endPort: 9')[0]).toContain('must be greater than or equal to `port`');
  });

  it('18: families are kept apart; one address of a pod is enough; bits behind the length are cut off with a warning', () => {
    const dual = pod('n2', 'd', 'status: {podIP: 10.42.1.4, podIPs: [{ip: 10.42.1.4}, {ip: "fd00::4"}]}\n');
    const block = (cidr: string): string => `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "${cidr}"}}]}]}`;
    expect([ask(dual + policy(block('fd00::/64')), 'n2/d', 'n1/b'), toB(block('::/0'), '10.0.0.1'), toB(block('0.0.0.0/0'), 'fd00::1'), toB(block('10.9.9.9/8'), '10.0.0.1')]).toEqual(['allow', 'deny', 'deny', 'allow']);
    expect(made(policy(block('10.9.9.9/8'))).problems).toEqual([expect.stringContaining('it means 10.0.0.0/8')]);
  });

  it('18: a pod of which the address is not known may have none of a family that only some pods have (found by random clusters)', () => {
    const dual = pod('n2', 'd', 'status: {podIP: 10.42.1.4, podIPs: [{ip: 10.42.1.4}, {ip: "fd00::4"}]}\n') + pod('n2', 'e', 'spec: {containers: []}\n');
    const all = policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}');
    expect([ask(dual + all, 'n2/e', 'n1/b'), ask(dual + all, 'n2/d', 'n1/b'), ask(pod('n2', 'e', 'spec: {containers: []}\n') + all, 'n2/e', 'n1/b')]).toEqual(['depends', 'allow', 'deny']);
  });

  it('19: an exception takes from its own block alone, and must be a strict part of it', () => {
    const spec = (more: string): string => `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/28]}}${more}]}]}`;
    expect([toB(spec(''), '203.0.113.1'), toB(spec(''), '203.0.113.99'), toB(spec(', {ipBlock: {cidr: 203.0.113.0/30}}'), '203.0.113.1')]).toEqual(['deny', 'allow', 'allow']);
    expect(made(policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]}')).problems[0]).toContain('ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`');
  });

  it('20: a block with addresses of pods matches them, but not under Cilium (cilium #9209; --policy-cidr-match-mode)', () => {
    const spec = policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.42.0.0/16}}, {ipBlock: {cidr: 192.168.0.0/24}}]}]}');
    expect(['api', 'calico', 'kube-router', 'cilium'].map((enforcer) => ask(spec, 'n2/c', 'n1/b', 80, 'TCP', enforcer))).toEqual(['allow', 'allow', 'allow', 'deny']);
    expect(['calico', 'cilium'].map((enforcer) => ask(spec, 'node2', 'n1/b', 80, 'TCP', enforcer))).toEqual(['allow', 'deny']);
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config}\ndata: {policy-cidr-match-mode: nodes}\n---\n';
    expect(ask(config + spec, 'node2', 'n1/b', 80, 'TCP', 'cilium')).toBe('allow');
  });

  it('21: whether a block means a Service or the pods behind it, and a client or who hands it on, is up to the CNI (kubernetes.io: "Behavior of to and from selectors"; "Using Source IP")', () => {
    const service = (more: string): string => `apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n1}\nspec: {${more}selector: {app: b}, ports: [{port: 80, targetPort: web}]}\n---\n`;
    const known = service('clusterIP: 10.43.0.7, ');
    const egress = (peers: string): string => policy(`{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{to: [${peers}]}]}`);
    const toService = (block: string): string[] => ['api', 'calico', 'kube-router', 'cilium'].map((enforcer) => ask(known + egress(`{ipBlock: {cidr: ${block}}}`), 'n1/a', '10.43.0.7', 80, 'TCP', enforcer));
    expect([toService('10.43.0.0/16'), toService('10.42.0.0/24'), toService('10.40.0.0/14')]).toEqual([['depends', 'deny', 'deny', 'deny'], ['depends', 'allow', 'allow', 'deny'], ['allow', 'allow', 'allow', 'deny']]);
    expect(new Asker(made(known + egress('{ipBlock: {cidr: 10.43.0.0/16}}')).engine).ask({ from: 'n1/a', to: 'service:n1/s', port: 80, protocol: 'TCP' }).answers[0])
      .toMatchObject({ verdict: 'depends', basis: 'undefined', notes: [expect.any(String), expect.stringMatching(/^Depends on: whether policies see the address of Service n1\/s or that of the pod behind it, which is up to the CNI/)] });
    const through = (more: string, peers: string): string => ask(service(more) + egress(peers), 'n1/a', 'service:n1/s');
    expect([through('', '{ipBlock: {cidr: 10.43.0.0/16}}'), through('', '{ipBlock: {cidr: 203.0.113.0/24}}'), through('clusterIP: None, ', '{ipBlock: {cidr: 10.43.0.0/16}}'), through('clusterIP: 10.43.0.7, ', '{podSelector: {}}')]).toEqual(['depends', 'deny', 'deny', 'allow']);
    const ingress = (cidr: string): string => policy(`{podSelector: {matchLabels: {app: b}}, ingress: [{from: [{ipBlock: {cidr: ${cidr}}}]}]}`);
    const from = (client: string, more: string, cidr = '203.0.113.0/24', enforcer = 'calico'): string => ask(service(more) + ingress(cidr), client, 'service:n1/s', 80, 'TCP', enforcer);
    expect([from('203.0.113.7', ''), from('203.0.113.7', '', '203.0.113.0/24', 'cilium'), from('203.0.113.7', 'externalTrafficPolicy: Local, '), from('198.51.100.1', ''), from('203.0.113.7', '', '0.0.0.0/0'), from('203.0.113.7', '', '192.168.0.0/24')]).toEqual(['depends', 'depends', 'allow', 'deny', 'allow', 'depends']);
  });

  it('22: a Service stands for its backends at their target port, whatever its own address and port', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n1}\nspec: {clusterIP: 10.43.0.7, selector: {app: b}, ports: [{port: 80, targetPort: web}]}\n---\n';
    const only = policy('{podSelector: {matchLabels: {app: b}}, ingress: [{ports: [{port: 8080}]}]}');
    expect(['service:n1/s', '10.43.0.7', 'n1/b'].map((to) => ask(service + only, 'n1/a', to))).toEqual(['allow', 'allow', 'deny']);
    const egress = (port: number): string => policy(`{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], egress: [{ports: [{port: ${port}}]}]}`);
    expect([80, 8080].map((port) => ask(service + egress(port), 'n1/a', 'service:n1/s'))).toEqual(['deny', 'allow']);
  });

  it('23: a pod reaches its own address (kubernetes #95879)', () => {
    expect(ask(policy('{podSelector: {}, policyTypes: [Ingress, Egress]}'), 'n1/a', 'n1/a')).toBe('allow');
  });

  it('24: whether it reaches itself through its Service is not promised (kubernetes #125611, cilium #27709)', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n1}\nspec: {selector: {app: b}, ports: [{port: 8080}]}\n---\n';
    expect([ask(service + policy('{podSelector: {}}'), 'n1/b', 'service:n1/s', 8080), ask(service, 'n1/b', 'service:n1/s', 8080)]).toEqual(['depends', 'allow']);
  });

  it('25: a pod\'s own node always reaches it, another one does not (API: ingress, "traffic from the pod\'s local node")', () => {
    const deny = policy('{podSelector: {}}');
    expect([ask(deny, 'node1', 'n1/b'), ask(deny, 'node2', 'n1/b'), ask(deny, '192.168.0.1', 'n1/b')]).toEqual(['allow', 'deny', 'allow']);
    const nowhere = pod('n1', 'd', 'spec: {containers: []}\n');
    expect(ask(nowhere + deny, 'node1', 'n1/d')).toBe('depends');
  });

  it('26: pods in their node\'s network are not promised to be meant; CNIs take them for the node (kubernetes.io: "NetworkPolicy and hostNetwork pods")', () => {
    const host = pod('n1', 'h', 'spec: {hostNetwork: true, nodeName: node2, containers: []}\nstatus: {podIP: 192.168.0.2}\n');
    const both = host + policy('{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: h}}}]}]}');
    expect(['api', 'calico', 'kube-router', 'cilium'].map((enforcer) => ask(both, 'n1/h', 'n1/b', 80, 'TCP', enforcer))).toEqual(['depends', 'deny', 'deny', 'deny']);
    expect(['api', 'calico'].map((enforcer) => ask(both, 'n2/c', 'n1/h', 80, 'TCP', enforcer))).toEqual(['depends', 'allow']);
    const block = host + policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.0.2/32}}]}]}');
    expect(ask(block, 'n1/h', 'n1/b', 80, 'TCP', 'calico')).toBe('allow');
  });

  it('27: replies need no rule: a question is about who opens the connection (kubernetes.io: "Pod lifecycle")', () => {
    const oneWay = policy('{podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress, Egress], egress: [{to: [{podSelector: {matchLabels: {app: b}}}]}]}');
    expect([ask(oneWay, 'n1/a', 'n1/b'), ask(oneWay, 'n1/b', 'n1/a')]).toEqual(['allow', 'deny']);
  });

  it('28: of ICMP nothing is promised for pods that are isolated (kubernetes.io: "What you can\'t do with network policies")', () => {
    const spec = policy('{podSelector: {matchLabels: {app: b}}, ingress: [{ports: [{port: 80}]}]}');
    expect([ask(spec, 'n1/a', 'n1/b', 0, 'ICMP'), ask(spec, 'n1/b', 'n1/a', 0, 'ICMP'), ask(spec, 'n1/a', 'n1/b', 0, 'ICMP', 'calico')]).toEqual(['depends', 'allow', 'deny']);
    expect(ask(policy('{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}'), 'n1/a', 'n1/b', 0, 'ICMP', 'calico')).toBe('allow');
  });

  it('29: a policy where there are no pods changes nothing', () => {
    expect([ask(policy('{podSelector: {}}', 'p', 'n9'), 'n1/a', 'n1/b'), ask(policy('{podSelector: {matchLabels: {app: nobody}}}'), 'n1/a', 'n1/b')]).toEqual(['allow', 'allow']);
  });

  it('30: completed pods are no ends', () => {
    const { engine } = made(pod('n1', 'done', 'status: {phase: Succeeded}\n'));
    expect(new Asker(engine).ask({ from: 'n1/done', to: 'n1/b', port: 80, protocol: 'TCP' })).toMatchObject({ verdict: 'unknown', why: [expect.stringContaining('no pod or workload n1/done')] });
  });

  it('31: named ports of sidecars are found (KEP-753)', () => {
    const side = pod('n1', 's', 'spec: {containers: [{name: c}], initContainers: [{name: i, restartPolicy: Always, ports: [{name: side, containerPort: 9}]}]}\nstatus: {podIP: 10.42.0.8}\n');
    expect(ask(side + policy('{podSelector: {}, ingress: [{ports: [{port: side}]}]}'), 'n1/a', 'n1/s', 9)).toBe('allow');
  });

  it('47: where nothing enforces, every policy is inert (kubernetes.io: "Prerequisites")', () => {
    const { engine, problems } = made(policy('{podSelector: {}, policyTypes: [Ingress, Egress]}'), 'none');
    expect(problems).toEqual([]);
    expect([verdictOf(engine, 'n1/a', 'n1/b', 80), classOf(engine, 'n1/a') === classOf(engine, 'n1/b')]).toEqual(['allow', true]);
  });

  it.each([
    ['ipBlock and podSelector', '{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}', 'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer'],
    ['no prefix', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}', 'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value'],
    ['no cidr', '{podSelector: {}, ingress: [{from: [{ipBlock: {}}]}]}', 'ipBlock.cidr: Required value'],
    ['a bad key', '{podSelector: {matchLabels: {"a b": c}}}', 'spec.podSelector.matchLabels: Invalid value: "a b": name part must consist of'],
    ['a bad value', '{podSelector: {matchLabels: {a: "b c"}}}', 'spec.podSelector.matchLabels: Invalid value: "b c": a valid label must be'],
    ['a number for a label', '{podSelector: {matchLabels: {a: 1}}}', 'spec.podSelector.matchLabels.a: Invalid value: 1: expected a string'],
    ['an unknown operator', '{podSelector: {matchExpressions: [{key: a, operator: Is}]}}', 'matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
    ['In without values', '{podSelector: {matchExpressions: [{key: a, operator: In}]}}', 'matchExpressions[0].values: Required value: must be specified when'],
    ['Exists with values', '{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}', 'matchExpressions[0].values: Forbidden: may not be specified when'],
    ['an unknown protocol', '{podSelector: {}, ingress: [{ports: [{protocol: HTTP}]}]}', 'ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
    ['port 0', '{podSelector: {}, ingress: [{ports: [{port: 0}]}]}', 'ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ['a bad name of a port', '{podSelector: {}, ingress: [{ports: [{port: "80"}]}]}', 'ports[0].port: Invalid value: "80": must contain at least one letter'],
    ['an unknown type', '{podSelector: {}, policyTypes: [In]}', 'spec.policyTypes: Unsupported value: "In": supported values: "Egress", "Ingress"'],
    ['a mapping for a list', '{podSelector: {}, ingress: {}}', 'spec.ingress: Invalid value: {}: expected a list'],
  ])('refuses %s as the API server does, with the field, and goes on without the policy', (_what, spec, message) => {
    const { engine, problems } = made(policy(spec));
    expect(problems).toEqual([expect.stringMatching(/^test\.yaml:\d+: error: NetworkPolicy n1\/p: refused: /)]);
    expect(problems[0]).toContain(message);
    expect(verdictOf(engine, 'n1/a', 'n1/b', 80)).toBe('allow');
  });
});
