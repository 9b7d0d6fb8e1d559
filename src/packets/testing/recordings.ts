/** The captures below examples/captures, as if recorded on a node of the two example clusters. For tests; the files are what this writes. */
import { Tcp } from '../tcp/flags.ts';
import { dns, Scene, type On } from './scenes.ts';

const A_RECORD = 1;
const NODES = ['192.168.40.11', '192.168.40.12'] as const;

/** Writes connections of a cluster one after the other, each from a port of its own. */
class Recording {
  readonly scene = new Scene();
  #port = 40_000;

  /** Connections of TCP: opened, a request, an answer, closed. Every `tunnelled`-th is seen inside VXLAN, too, as a node's other interface shows it. */
  tcp(times: number, client: string, server: string, port: number, tunnelled = 0): this {
    for (let number = 1; number <= times; number += 1) {
      const from = (this.#port += 1);
      for (const on of tunnelled > 0 && number % tunnelled === 0 ? [{}, { tunnel: NODES } as On] : [{}]) {
        this.scene.opens(client, from, server, port, on)
          .tcp(client, from, server, port, { seq: 101, ack: 501, flags: Tcp.push | Tcp.ack, payload: Buffer.from('ask') }, on)
          .tcp(server, port, client, from, { seq: 501, ack: 104, flags: Tcp.push | Tcp.ack, payload: Buffer.from('tell') }, on)
          .tcp(client, from, server, port, { seq: 104, ack: 505, flags: Tcp.fin | Tcp.ack }, on)
          .tcp(server, port, client, from, { seq: 505, ack: 105, flags: Tcp.fin | Tcp.ack }, on);
      }
      this.scene.wait(200);
    }
    return this;
  }

  /** Connections that nobody answers: the SYN is sent three times. */
  unanswered(times: number, client: string, server: string, port: number): this {
    for (let number = 0; number < times; number += 1) {
      const from = (this.#port += 1);
      for (let again = 0; again < 3; again += 1) this.scene.tcp(client, from, server, port, { seq: 100, flags: Tcp.syn }).wait(1000 * 2 ** again);
    }
    return this;
  }

  /** Questions to the DNS and their answers. */
  asks(times: number, client: string, server: string, name: string): this {
    for (let number = 1; number <= times; number += 1) {
      const from = (this.#port += 1);
      this.scene.udp(client, from, server, 53, dns(number, name, A_RECORD)).wait(1).udp(server, 53, client, from, dns(number, name, A_RECORD, 0)).wait(50);
    }
    return this;
  }

  /** The middle of a connection that is older than the capture. */
  older(client: string, server: string, port: number): this {
    const from = (this.#port += 1);
    this.scene.tcp(client, from, server, port, { seq: 7000, ack: 9000, flags: Tcp.push | Tcp.ack, payload: Buffer.from('more') }).tcp(server, port, client, from, { seq: 9000, ack: 7004, flags: Tcp.ack });
    return this;
  }
}

/** The shop while the nightly report runs; the pods' addresses stand in examples/captures/shop-pods.yaml. */
export function shopRecording(): Buffer {
  const [traefik, coredns, prometheus, web, web2, api, db, report] = ['10.42.0.4', '10.42.0.2', '10.42.2.9', '10.42.1.5', '10.42.2.5', '10.42.1.6', '10.42.2.7', '10.42.1.8'];
  return new Recording()
    .tcp(60, traefik, web, 8080, 20).tcp(50, traefik, web2, 8080)
    .asks(40, web, coredns, 'api.shop.svc.cluster.local').asks(35, web2, coredns, 'api.shop.svc.cluster.local').asks(12, api, coredns, 'db-0.db.shop.svc.cluster.local').asks(2, report, coredns, 'db-0.db.shop.svc.cluster.local')
    .tcp(45, web, api, 9090).tcp(40, web2, api, 9090, 8).tcp(12, api, db, 5432).tcp(1, report, db, 5432)
    .tcp(8, prometheus, api, 9100).older(api, db, 5432).scene.pcap();
}

/** The MLOps stack of examples/founding-cluster: inference, its control plane, scrapes and the DNS, before and behind Services. */
export function mlopsRecording(): Buffer {
  const [mlserver, envoy, scheduler, minio, mlflow, prometheus] = ['10.42.1.17', '10.244.85.7', '10.244.36.5', '10.244.12.10', '10.244.12.9', '10.244.12.12'];
  const [kubeDns, schedulerService] = ['10.43.0.10', '10.43.51.131'];
  return new Recording()
    .asks(24, mlserver, kubeDns, 'seldon-scheduler.seldon-mesh.svc.cluster.local').asks(6, prometheus, kubeDns, 'mlflow.mlops.svc.cluster.local')
    .tcp(30, envoy, mlserver, 9000, 10).unanswered(4, envoy, mlserver, 9500)
    .tcp(3, mlserver, schedulerService, 9005).tcp(2, envoy, scheduler, 9002)
    .tcp(10, mlserver, minio, 9000).tcp(5, mlflow, minio, 9000).tcp(15, prometheus, mlserver, 8082).tcp(15, prometheus, mlflow, 5000)
    .older(mlserver, scheduler, 9005).scene.pcap();
}
