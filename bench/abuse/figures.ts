import { countEach } from '../../lab/crowd.ts';

/** What the abuser got: replies and other counts, by name. */
export type Figures = Readonly<Record<string, number>>;

export function countReplies(replies: readonly string[]): Figures {
  return countEach(replies.map((reply) => reply.trim()));
}
