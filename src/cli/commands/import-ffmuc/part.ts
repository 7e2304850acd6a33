import type { Table } from './toml.ts';

/** What could not be carried over, and what to do about it. */
export interface Note {
  /** As the YAML has it. */
  readonly setting: string;
  readonly text: string;
}

/** A part of the configuration, and what there is to say about it. */
export interface Part {
  readonly tables: readonly Table[];
  readonly notes: readonly Note[];
}
