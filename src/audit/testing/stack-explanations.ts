/** What is to be thought of each finding above `info` that the ten stacks bring. */
import type { Way } from './stack-audit.ts';

export interface Explanation {
  stack: string;
  ways: readonly Way[];
  rule: string;
  /** One of the finding's subjects. */
  subject: string;
  /** Whether the finding is right. */
  true: boolean;
  why: string;
}

const both: readonly Way[] = ['manifests', 'running'];

export const EXPLANATIONS: readonly Explanation[] = [
  { stack: 'airflow', ways: ['running'], rule: 'FL-POL-002', subject: 'NetworkPolicy airflow/airflow-worker', true: false, why: 'workers are there while tasks run; the Kubernetes executor makes them from a template in a file, which is in no object. Nothing in a snapshot tells this from a slip in the label' },
  { stack: 'istio-mesh', ways: both, rule: 'FL-RISK-005', subject: 'MutatingWebhookConfiguration istio-sidecar-injector', true: true, why: 'no pod of a namespace with injection can be made while istiod cannot be reached, which is what a change of the CNI has to reckon with' },
  { stack: 'kube-prometheus-stack', ways: both, rule: 'FL-ML-006', subject: 'ServiceMonitor observability/kube-controller-manager', true: true, why: 'neither K3s nor kubeadm has a Service for the controller manager; whoever wants its metrics has to make one' },
  { stack: 'kube-prometheus-stack', ways: ['running'], rule: 'FL-POL-009', subject: 'NetworkPolicy observability/node-exporter', true: true, why: 'the exporter is on the host network, where the policy that its project ships has no effect' },
  { stack: 'kube-prometheus-stack', ways: ['running'], rule: 'FL-POL-010', subject: 'NetworkPolicy observability/prometheus-k8s', true: true, why: 'the rule for prometheus-adapter lets nobody through, since no adapter is installed; that does no harm' },
];
