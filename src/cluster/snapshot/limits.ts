/** How much of a snapshot is taken in before it is refused; what bounds single objects and files stands in ../manifests/limits.ts. */

/** Values that one object may have after its YAML aliases are written out; a Pod with 50 containers has about 5,000. */
export const MAX_VALUES = 200_000;
/** Bytes of an unpacked archive. */
export const MAX_ARCHIVE_BYTES = 4 * 1024 ** 3;
