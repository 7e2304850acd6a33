/** In the state directory: while it is there, this gateway announces itself without weight. */
export const DRAIN_FILE = 'drained';
