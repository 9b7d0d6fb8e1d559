/** An admission webhook served by a pod: HTTPS with a certificate of an authority made for it. */
import { issue, makeAuthority } from '../../../src/lab/clusters/pki.ts';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { nodePod } from './lab.ts';

/** Denies every ConfigMap whose data says so, with words that only this webhook knows. */
const SERVER = `
const { readFileSync } = require('node:fs');
require('node:https').createServer({ cert: readFileSync('/tls/tls.crt'), key: readFileSync('/tls/tls.key') }, (request, response) => {
  let body = '';
  request.on('data', (part) => (body += part)).on('end', () => {
    const { request: asked } = JSON.parse(body);
    const allowed = asked.object.data?.verdict !== 'deny';
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: asked.uid, allowed, status: { message: process.env.WORDS } } }));
  });
}).listen(8443)`;

/** The webhook's objects: Secret, Pod on `node`, Service and ValidatingWebhookConfiguration for ConfigMaps of namespace `watched`. */
export async function webhookObjects(node: string, words: string): Promise<{ pod: KubeObject; rest: KubeObject[]; configuration: KubeObject }> {
  const authority = await makeAuthority('webhook-ca');
  const { cert, key } = await issue(authority, { commonName: 'webhook', usage: 'server', dns: ['webhook.default.svc'] });
  const pod = nodePod('webhook', node, SERVER, { volumes: [{ name: 'tls', secret: { secretName: 'webhook-tls' } }] }, {
    env: [{ name: 'WORDS', value: words }],
    volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
    readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
  });
  const metadata = (name: string): KubeObject['metadata'] => ({ name, namespace: 'default' });
  return {
    pod,
    rest: [
      { apiVersion: 'v1', kind: 'Secret', metadata: metadata('webhook-tls'), type: 'kubernetes.io/tls', stringData: { 'tls.crt': cert, 'tls.key': key } },
      { apiVersion: 'v1', kind: 'Service', metadata: metadata('webhook'), spec: { selector: { app: 'webhook' }, ports: [{ port: 443, targetPort: 8443 }] } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'watched' } },
    ],
    configuration: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'webhook' },
      webhooks: [{
        name: 'webhook.default.svc',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 5,
        clientConfig: { service: { namespace: 'default', name: 'webhook' }, caBundle: Buffer.from(authority.cert).toString('base64') },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'watched' } },
      }],
    },
  };
}
