/** Why a message was dropped. */
export type Drop = keyof Figures['dropped'];
/** Why a new connection was refused: the option that sets the limit, or the rate of new ones. */
export type Limit = keyof Figures['refused'];

/** What a relay has carried since it was started. Counted in any case: that costs less than to ask whether. */
export class Figures {
  /** Open now. */
  connections = 0;
  /** Since the start. */
  opened = 0;
  readonly refused = { connections: 0, 'connections-per-source': 0, rate: 0 };
  /** From and to the other end of the TCP connections. */
  readonly received = { messages: 0, bytes: 0 };
  readonly sent = { messages: 0, bytes: 0 };
  readonly dropped = {
    /** Too many bytes wait for a TCP connection. */
    waiting: 0,
    /** Too many handshakes in 5 s. */
    initiations: 0,
    /** Not WireGuard's. */
    form: 0,
    /** Nothing listens where it should go, or its UDP socket is not keeping up. */
    target: 0,
    /** The client has no connection. */
    disconnected: 0,
  };
}
