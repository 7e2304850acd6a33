import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { describeError } from '../../core/values/errors.ts';
import type { HostPort } from '../../core/values/host-port.ts';

/** The reply of a gateway to a router. */
export interface GatewayReply {
  /** The address that the name resolved to. */
  readonly address: string;
  readonly text: string;
  /** From the attempt to connect to the end of the reply. */
  readonly milliseconds: number;
}

/** docs/firmware.md: a gateway answers within 20 s of the second line, and a router gives up after 25. */
const DEADLINE_SECONDS = 25;
/** Longer than any reply, and enough to recognise a server that is not a gateway. */
const MAX_CHARACTERS = 256;

/**
 * Sends the two lines of a router, and waits until the gateway has closed the connection.
 * @throws Error with one line, if the gateway cannot be reached or does not answer in time.
 */
export async function sendLines(
  gateway: HostPort,
  lines: readonly string[],
  deadlineSeconds = DEADLINE_SECONDS,
): Promise<GatewayReply> {
  const start = performance.now();
  const socket = connect({ ...gateway, autoSelectFamily: true, signal: AbortSignal.timeout(deadlineSeconds * 1000) });
  try {
    await once(socket, 'connect');
    const address = socket.remoteAddress ?? gateway.host;
    socket.write(lines.map((line) => `${line}\n`).join(''));
    const text = await readReply(socket);
    return { address, text, milliseconds: Math.round(performance.now() - start) };
  } catch (error) {
    throw new Error(`Cannot ask ${gateway.host}, port ${gateway.port}: ${explain(error, deadlineSeconds)}`, {
      cause: error,
    });
  } finally {
    socket.destroy();
  }
}

async function readReply(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    text += chunk;
    if (text.length > MAX_CHARACTERS) break;
  }
  return text.slice(0, MAX_CHARACTERS);
}

/** If several addresses were tried, explains the failure of the first. */
function explain(error: unknown, deadlineSeconds: number): string {
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  if (first instanceof Error && first.name === 'AbortError') return `timed out after ${deadlineSeconds} s`;
  const { errno } = first as NodeJS.ErrnoException;
  const [, words] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return words ?? describeError(first);
}
