import type { LeaseId } from './lease.ts';

/** What a client sends besides domain and key: `ID.NONCE.PROOF`, 61 bytes. */
export interface ThirdLine {
  readonly id: LeaseId;
  /** 8 characters of base64url, other ones each time. */
  readonly nonce: string;
  /** See `buildProof`; whether it is right is not known. */
  readonly proof: string;
}

/** Of every one, without its line end. */
export const THIRD_LINE_BYTES = 61;

const THIRD_LINE = /^([a-z2-7]{8})\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]{43})$/;

/** Returns undefined for anything else than a third line. */
export function parseThirdLine(text: string): ThirdLine | undefined {
  const [, id, nonce, proof] = THIRD_LINE.exec(text) ?? [];
  if (id === undefined || nonce === undefined || proof === undefined) return undefined;
  return { id: id as LeaseId, nonce, proof };
}

export function formatThirdLine({ id, nonce, proof }: ThirdLine): string {
  return `${id}.${nonce}.${proof}`;
}
