/** Reaches hosts through the API server: exec into a privileged pod, and from there into the host's namespaces. */
import { UnreachableError } from '../../cluster/api-error.ts';
import type { Cluster } from '../../cluster/client.ts';
import { NotStartedError } from '../../core/errors.ts';
import { hostShell } from '../host-shell.ts';
import type { NodeShell } from '../shell.ts';
import { CONTAINER, ENTER, NODE_IMAGE, NODE_NAMESPACE } from './manifests.ts';
import { NodePods, type NodePodsOptions } from './node-pods.ts';
import { Turns } from '../turns.ts';

/** Execs at a time on one node: measured on 2 cores, 10 take 0.5 s together, 20 take 4 s, 50 do not end within 10 s. */
const AT_ONCE = 6;

export interface PodShells {
  shell(node: string): NodeShell;
  /** Removes the pods. Errors: EnvironmentError with the command that does it by hand. */
  close(): Promise<void>;
}

/** Shells by way of pods, which are made at the first command. `image` needs `nsenter` and nothing else. */
export function podShells(cluster: Cluster, options: Partial<NodePodsOptions> = {}): PodShells {
  const pods = new NodePods(cluster, { image: NODE_IMAGE, ...options });
  const shells = new Map<string, NodeShell>();
  const make = (node: string): NodeShell => {
    const turns = new Turns(AT_ONCE);
    return hostShell(node, (argv, exec) =>
      turns.take(async () => {
        try {
          const pod = await pods.podOn(node);
          return await cluster.exec({ namespace: NODE_NAMESPACE, pod, container: CONTAINER }, [...ENTER, ...argv], exec);
        } catch (error) {
          if (!(error instanceof NotStartedError || error instanceof UnreachableError)) throw error;
          pods.forget(node);
          throw error instanceof NotStartedError ? error : new NotStartedError(error.message, { cause: error });
        }
      }),
    );
  };
  return {
    shell(node) {
      const shell = shells.get(node) ?? make(node);
      shells.set(node, shell);
      return shell;
    },
    close: () => pods.remove(),
  };
}
