import { countEach } from '../../lab/crowd.ts';

/** The results of the abuser: replies and other counts, by name. */
export type Figures = Readonly<Record<string, number>>;

export function countReplies(replies: readonly string[]): Figures {
  return countEach(replies.map((reply) => reply.trim()));
}
