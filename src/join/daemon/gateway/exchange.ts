import type { Socket } from 'node:net';
import {
  type GatewayReply,
  MOST_REPLY_BYTES,
  parseGatewayReply,
} from '../../../core/client/configuration/gateway-reply.ts';
import { describeNoConnection } from '../../../core/client/connection-words.ts';
import type { TicketLines } from '../../../core/client/messages.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { IpAddress } from '../../../core/values/ip-address.ts';
import { AttemptFailure, blame } from '../failure.ts';
import type { Times } from '../options.ts';
import { within } from '../time-limit.ts';
import { connectFirst, type Server } from './connect.ts';

const NO_REPLY = 'the connection was closed without a reply';

/** What a gateway answered, and on which of its addresses. */
export interface Answered {
  readonly reply: GatewayReply;
  readonly address: IpAddress;
}

interface Around {
  readonly times: Pick<Times, 'exchange' | 'connect'>;
  readonly stopping: AbortSignal;
}

/**
 * Says the three lines to a gateway, and takes its reply: at most 4,096 bytes, at most 10 s in all. Nothing of it is
 * believed; wgkex-tunnel checks the proof.
 *
 * @throws AttemptFailure
 */
export async function exchange(
  to: Server,
  domain: string,
  { key, line }: TicketLines,
  { times, stopping }: Around,
): Promise<Answered> {
  const late = new AttemptFailure('gateway', `no whole reply within ${times.exchange} s`);
  const noAnswer = describeNoConnection(to, `no answer within ${times.connect} s`);
  const noConnection = new AttemptFailure('gateway', noAnswer);
  return within(times.exchange, stopping, late, async (signal) => {
    const connecting = (aborted: AbortSignal) => connectFirst(to, aborted);
    const { socket, address } = await within(times.connect, signal, noConnection, connecting);
    const bytes = await converse(socket, `${domain}\n${key}\n${line}\n`, signal);
    return { reply: parse(bytes), address };
  });
}

/** Resolves with what came until the gateway closed the connection. */
function converse(socket: Socket, lines: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise<Buffer>((resolve, reject) => {
    socket.on('error', (error) => reject(blame(error, (reason) => `${NO_REPLY}: ${reason}`)));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('close', () => reject(new AttemptFailure('gateway', NO_REPLY)));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_REPLY_BYTES)
        reject(new AttemptFailure('gateway', `it sent more than ${MOST_REPLY_BYTES} bytes`));
    });
    signal.addEventListener('abort', () => reject(signal.reason));
    socket.write(lines);
  }).finally(() => socket.destroy());
}

function parse(bytes: Buffer): GatewayReply {
  if (bytes.length === 0) throw new AttemptFailure('gateway', NO_REPLY);
  try {
    return parseGatewayReply(bytes);
  } catch (error) {
    throw new AttemptFailure('gateway', describeError(error));
  }
}
