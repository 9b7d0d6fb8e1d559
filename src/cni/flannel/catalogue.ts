/** What a snapshot keeps of Flannel. */
import { keepDocument, keepPlain } from '../../cluster/snapshot/base-catalogue.ts';
import type { Catalogue } from '../../cluster/snapshot/catalogue.ts';
import { fields, list } from '../../cluster/snapshot/shape.ts';

/** net-conf.json (flannel Documentation/configuration.md), without IPsec's PSK. */
const netConf = fields('Network EnableIPv4? EnableIPv6? IPv6Network SubnetLen# SubnetMin SubnetMax EnableNFTables?', {
  Backend: fields('Type VNI# Port# MTU# DirectRouting? GBP? Learning? Mode PersistentKeepaliveInterval#'),
});
const cniConf = fields('name cniVersion type', { plugins: list(fields('type', { delegate: fields('hairpinMode? isDefaultGateway? mtu# ipMasq? bridge forceAddress?'), capabilities: fields('portMappings? bandwidth?') })) });
const backendData = keepDocument(fields('VNI# VtepMAC'));
const asText = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

export const FLANNEL_CATALOGUE: Partial<Catalogue> = {
  annotations: [
    // WireGuard's data is a public key, which no rule needs.
    { name: /^flannel\.alpha\.coreos\.com\/backend-(v6-)?data$/, keep: (text) => asText(backendData(text)) },
    { name: /^flannel\.alpha\.coreos\.com\/backend-type$/, keep: keepPlain(['vxlan', 'host-gw', 'wireguard', 'ipip', 'ipsec', 'udp', 'extension', 'alloc']) },
    { name: /^flannel\.alpha\.coreos\.com\/kube-subnet-manager$/, keep: keepPlain(['true', 'false']) },
    { name: /^flannel\.alpha\.coreos\.com\/public-ip(v6)?(-overwrite)?$/, keep: keepPlain() },
  ],
  env: [{ name: /^FLANNEL_[A-Z0-9_]+$/, words: ['true', 'false'] }, { name: /^EVENT_QUEUE_DEPTH$/ }],
  configMaps: [
    { name: /^(kube-flannel-cfg|canal-config)$/, key: /^net-conf\.json$/, keep: keepDocument(netConf) },
    { name: /^kube-flannel-cfg$/, key: /^cni-conf\.json$/, keep: keepDocument(cniConf) },
  ],
};
