/** Steps that take policies over from the distribution's own controller, once Calico enforces them everywhere. */
import type { TakeoverFacts, TakeoverNode } from './facts.ts';
import { apiRestart } from './plan-impacts.ts';
import type { Draft, TakeoverOptions } from './plan.ts';

/** Servers before agents, because an agent is told by the server that answers at its start; rules go last, when nobody would put them back. */
export function handOverPolicies(facts: TakeoverFacts, options: TakeoverOptions): Draft[] {
  const { policyController: controller, nodes } = facts;
  if (controller === undefined) return [];
  const flush = nodes.filter((node) => controller.runs || controller.rulesOn.includes(node.name)).map((node) => flushRules(facts, node, options));
  if (flush.length === 0) return [];
  const gone: Draft = {
    kind: 'policy-gone', title: 'Look whether the rules stay away', actions: ['look at the packet filter of every node once more'], undo: ['nothing: it only looks'],
    invariants: [7], params: { nodes: nodes.map((node) => node.name) },
  };
  return controller.runs ? [...switchOff(facts, controller.name), ...flush, gone] : flush;
}

function switchOff({ nodes }: TakeoverFacts, name: string): Draft[] {
  const servers = nodes.filter((node) => node.role === 'server');
  const agents = nodes.filter((node) => node.role === 'agent').map((node) => node.name);
  return [
    ...servers.map(({ name: node }, index): Draft => {
      // Undone in reverse order, so this one's undo is the last: only then every server tells agents to run it.
      const told = index === 0 ? agents : [];
      return {
        kind: 'policy-off', node, title: `Switch ${name} off on server ${node}`,
        actions: [`${node}: write /etc/rancher/k3s/config.yaml.d/91-fairlead-policy.yaml with disable-network-policy: true`, `${node}: systemctl restart k3s; pods stay, and so do the controller's last rules`],
        undo: ['remove that file', 'systemctl restart k3s: the controller lays its rules anew', ...told.map((agent) => `${agent}: systemctl restart k3s-agent`)],
        impact: [apiRestart(node, servers.length)], invariants: [7, 8], gate: true,
        params: { node, agents: told },
      };
    }),
    ...agents.map((node): Draft => ({
      kind: 'policy-restart', node, title: `Restart the service of ${node}, which then no longer runs the controller`,
      actions: [`${node}: systemctl restart k3s-agent; pods stay, and so do the controller's last rules`],
      undo: ['nothing here: agents restart once more when the servers have the controller on again'], invariants: [7],
      params: { node },
    })),
  ];
}

function flushRules({ nodes }: TakeoverFacts, { name: node, podCidr }: TakeoverNode, { agentImage: image, startTimeoutMs: timeoutMs }: TakeoverOptions): Draft {
  return {
    kind: 'policy-flush', node, title: `Remove the controller's last rules from ${node}`,
    actions: [`start a pod on ${node} that those rules do not know; cut it off by a deny-all policy, which only Calico can enforce; remove both`, `${node}: remove the chains KUBE-ROUTER-*, KUBE-POD-FW-*, KUBE-NWPLCY-* and the controller's address sets`],
    undo: [`${node}: put those chains and sets back`], invariants: [7, 9], gate: true,
    params: { node, podCidr, image, from: nodes.map((other) => other.name).filter((name) => name !== node), timeoutMs },
  };
}
