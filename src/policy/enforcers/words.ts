/** What an enforcer does with denied and with existing connections, in words. */
import type { Enforcer } from './enforcer.ts';

const DENIED = {
  dropped: 'What is denied is dropped: the client waits until it gives up',
  rejected: 'What is denied is rejected: the client hears it at once',
  undefined: 'How a client notices a denial is up to the CNI',
} as const;

const ESTABLISHED = {
  kept: 'Connections that exist when a policy appears go on until they end',
  cut: 'Connections that exist when a policy appears are cut off',
  undefined: 'What becomes of connections that exist when a policy appears is up to the CNI',
} as const;

/** How a denial looks to the client. */
export const denialText = ({ denied }: Enforcer): string => `${DENIED[denied.value]} (${denied.source}).`;

/** What becomes of connections that a new policy would not have let begin. */
export const establishedText = ({ established }: Enforcer): string => `${ESTABLISHED[established.value]} (${established.source}).`;
