/** The handlers of this route's steps, by kind. */
import { backup } from '../backup.ts';
import type { StepContext } from '../../steps/context.ts';
import { drain, uncordon } from '../../steps/drain.ts';
import { fetchImages } from '../../steps/fetch-images.ts';
import { hardenDns, returnDns } from '../../steps/harden-dns.ts';
import { returnPods } from '../../steps/return-pods.ts';
import type { Handlers } from '../../types.ts';
import { cleanNode, removeFlannel } from './cleanup.ts';
import { clear } from './clear.ts';
import { releaseNodes } from './daemonset.ts';
import { finish } from './finish.ts';
import { restart, switchOff } from './frozen.ts';
import { handover } from './handover.ts';
import { install } from './install.ts';
import { leave } from './leave.ts';
import { policyFlush, policyGone } from './policy-flush.ts';
import { policyOff, policyRestart } from './policy-off.ts';
import { prove } from './prove.ts';
import { seed } from './seed.ts';
import { settled } from './settled.ts';
import { stage } from './stage.ts';
import { start } from './start.ts';

export const handlers: Handlers<StepContext> = {
  backup, 'harden-dns': hardenDns, 'fetch-images': fetchImages, install, seed, 'release-nodes': releaseNodes, stage, 'switch-off': switchOff,
  drain, restart, leave, clear, handover, start, 'return-pods': returnPods, prove, uncordon,
  'policy-off': policyOff, 'policy-restart': policyRestart, 'policy-flush': policyFlush, 'policy-gone': policyGone,
  finish, 'return-dns': returnDns, 'remove-flannel': removeFlannel, 'clean-node': cleanNode, settled,
};
