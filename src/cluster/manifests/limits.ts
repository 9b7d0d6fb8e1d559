/** How much of an input is taken in before it is refused: bounds for memory, generous for what Kubernetes can hold. */

/** Characters of one object. etcd takes no request above 1.5 MiB (--max-request-bytes), which YAML writes in less than three times as much. */
export const MAX_OBJECT_CHARS = 4 * 1024 * 1024;
/** Characters of list items without a kind that wait for the end of their list, which names it. */
export const MAX_HELD_CHARS = 64 * 1024 * 1024;
/** Aliases (`*name`) of one YAML document. */
export const MAX_ALIASES = 1_000;
/** Objects of one input: a cluster of 5,000 nodes with 150,000 pods, which is what Kubernetes is tested with, fits. */
export const MAX_OBJECTS = 500_000;
/** Files that are looked at in one directory tree. */
export const MAX_FILES = 20_000;
/** Lists in lists. */
export const MAX_LISTS = 3;
