/** All images of the lab. */
import { calicoCniImage, calicoKubeControllersImage, calicoNodeImage } from './calico-images.ts';
import type { Components } from './component-files.ts';
import type { ImageDefinition } from './definition.ts';
import { agentImage, corednsImage, flannelCniPluginImage, flannelImage, nodeImage, pauseImage, shopImage } from './other-images.ts';

export interface ImageInputs {
  /** The probe agent as one bundled file (`.mjs`). */
  agentBundle: string;
  /** The Node program itself, not a wrapper script: it goes into the agent's image. */
  nodeBinary: string;
}

/**
 * Definitions of every image that a lab's manifests name. Errors: EnvironmentError for a component or a program
 * of this machine that is missing.
 */
export async function imageDefinitions(components: Components, extra: ImageInputs): Promise<ImageDefinition[]> {
  // First those that need no look at this machine: they fail at once.
  const plain = [
    pauseImage(components),
    corednsImage(components),
    calicoCniImage(components),
    calicoKubeControllersImage(components),
  ];
  const looked = await Promise.all([
    calicoNodeImage(components),
    flannelImage(components),
    flannelCniPluginImage(components),
    agentImage(extra),
    shopImage(components),
    nodeImage(),
  ]);
  return [...plain, ...looked];
}
