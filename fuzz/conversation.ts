import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Background } from '../lab/commands.ts';
import type { Gateway } from '../lab/gateway.ts';
import type { Reply, StreamModel } from './model/stream.ts';

const HANDLER = '/usr/lib/wgkex/wgkex-handler';
/** Longer than a handler takes for anything. */
const PATIENCE_MILLISECONDS = 60_000;

/** How a handler reacted to its input. */
export interface Ending {
  readonly replies: readonly Reply[];
  readonly exitStatus: number | null;
  readonly log: readonly string[];
}

/** Starts the installed handler and sends it a stream, at once or chunk by chunk as each one is answered. */
export async function converse(
  gateway: Gateway,
  chunks: readonly string[],
  inStep: boolean,
  model: StreamModel,
): Promise<Ending> {
  const handler = new Background('ip', ['netns', 'exec', gateway.namespace, HANDLER]);
  const timer = setTimeout(() => handler.child.kill('SIGKILL'), PATIENCE_MILLISECONDS);
  const closed = once(handler.child, 'close');
  const lines = readLines(handler);
  const replies: Reply[] = [];
  await lines.next();
  for (const [index, chunk] of chunks.entries()) {
    handler.child.stdin?.write(Buffer.from(chunk, 'latin1'));
    if (inStep) replies.push(...(await take(lines, model.counts[index] ?? 0)));
  }
  handler.child.stdin?.end();
  replies.push(...(await take(lines, Number.POSITIVE_INFINITY)));
  await closed;
  clearTimeout(timer);
  return { replies, exitStatus: handler.child.exitCode, log: handler.stderr.split('\n').slice(0, -1) };
}

function readLines({ child }: Background): AsyncIterator<string> {
  if (child.stdout === null) throw new Error('The handler has no output');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

/** At most `count` replies, or fewer if the handler sends no more. */
async function take(lines: AsyncIterator<string>, count: number): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < count) {
    const { done, value } = await lines.next();
    if (done === true) break;
    replies.push(JSON.parse(value));
  }
  return replies;
}
