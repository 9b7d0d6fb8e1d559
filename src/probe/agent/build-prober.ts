/** From a stream's specification to the prober that carries it out. */
import { localPorts } from './local-ports.ts';
import { canaryProber } from './probe-canary.ts';
import type { CanaryJudge } from './probe-canary.ts';
import { dnsProber } from './probe-dns.ts';
import { apiProber, httpProber } from './probe-http.ts';
import { streamProber } from './probe-stream.ts';
import { tcpProber } from './probe-tcp.ts';
import { udpProber } from './probe-udp.ts';
import type { ClientContext, UdpClient } from './probe-udp.ts';
import type { StreamSpec } from './plan.ts';
import type { Prober } from './prober.ts';

export interface ProberParts {
  udp: UdpClient;
  context: ClientContext;
  judge: CanaryJudge;
  /** Told of each break of a long-lived connection. */
  broke(why: string): void;
}

/** The prober of one stream. */
export function buildProber(spec: StreamSpec, parts: ProberParts): Prober {
  const { target } = spec;
  switch (target.kind) {
    case 'canary':
      return canaryProber(parts.context, target, parts.judge);
    case 'dns':
      return dnsProber(target);
    case 'api':
      return apiProber(target);
    case 'http':
      return httpProber(target.url);
    case 'agent':
      if (spec.probe === 'udp') return udpProber(parts.udp, parts.context, target.address, target.port, target.expectName);
      if (spec.probe === 'stream') return streamProber(parts.context, { ...target, expectName: target.expectName ?? spec.to }, parts.broke);
      return tcpProber(parts.context, target, spec.probe === 'bulk' ? 'bulk' : 'tcp', spec.class === 'node-port' ? localPorts(spec.intervalMs) : undefined);
  }
}
