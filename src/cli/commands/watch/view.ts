import { WATCH_ORDERS, type WatchOrder } from './orders.ts';

/** What the operator has chosen to see. */
export interface View {
  readonly order: WatchOrder;
  readonly isReversed: boolean;
  /** Shows only peers with this text. */
  readonly filter: string;
  /** Whether keys are letters of the filter. */
  readonly isTyping: boolean;
  /** The number of peers above the first one that is shown. */
  readonly top: number;
  readonly isHelp: boolean;
}

/** What fits on the screen, and what there is. */
export interface Extent {
  /** Peers that the view selects. */
  readonly peers: number;
  /** Peers that the screen has room for. */
  readonly room: number;
  readonly hasDomains: boolean;
}

type Press = (view: View, extent: Extent) => View | 'quit';

/** An IPv6 address has 39 characters, a key 44. */
const FILTER_CHARACTERS = 60;

export function startView(order: WatchOrder): View {
  return { order, isReversed: false, filter: '', isTyping: false, top: 0, isHelp: false };
}

/** The view after a key was pressed; an unknown key changes nothing. */
export function press(view: View, key: string, extent: Extent): View | 'quit' {
  if (ENDINGS.includes(key)) return 'quit';
  if (view.isHelp) return { ...view, isHelp: false };
  const chosen = (view.isTyping ? TYPING_KEYS.get(key) : COMMAND_KEYS.get(key)) ?? MOTIONS.get(key);
  if (chosen !== undefined) return chosen(view, extent);
  return view.isTyping && key.length === 1 ? narrow(view, view.filter + key) : view;
}

/** At most so far down that the screen is full. */
export function clampTop(top: number, { peers, room }: Extent): number {
  return Math.max(0, Math.min(top, peers - room));
}

const ENDINGS = ['ctrl-c', 'f10'];

const MOTIONS = bind([
  [['up'], move(({ top }) => top - 1)],
  [['down'], move(({ top }) => top + 1)],
  [['pageup'], move(({ top }, { room }) => top - room)],
  [['pagedown'], move(({ top }, { room }) => top + room)],
  [['home'], move(() => 0)],
  [['end'], move((_, { peers }) => peers)],
]);

const COMMAND_KEYS = bind([
  [['q', 'Q'], () => 'quit'],
  [['h', '?', 'f1'], (view) => ({ ...view, isHelp: true })],
  [['/', 'f4'], (view) => ({ ...view, isTyping: true })],
  [['escape'], (view) => narrow(view, '')],
  [['>', '.', 'f6'], (view, extent) => sortBeside(view, 1, extent)],
  [['<', ','], (view, extent) => sortBeside(view, -1, extent)],
  [['I', 'R'], (view) => ({ ...view, isReversed: !view.isReversed, top: 0 })],
]);

const TYPING_KEYS = bind([
  [['return', 'enter', 'f4'], (view) => ({ ...view, isTyping: false })],
  [['escape'], (view) => ({ ...narrow(view, ''), isTyping: false })],
  [['backspace'], (view) => narrow(view, view.filter.slice(0, -1))],
  [['ctrl-u'], (view) => narrow(view, '')],
]);

function bind(bindings: readonly (readonly [keys: readonly string[], press: Press])[]): ReadonlyMap<string, Press> {
  return new Map(bindings.flatMap(([keys, press]) => keys.map((key) => [key, press] as const)));
}

function move(find: (view: View, extent: Extent) => number): Press {
  // What is shown may have become shorter since the last key.
  return (view, extent) => {
    const shown = { ...view, top: clampTop(view.top, extent) };
    return { ...view, top: clampTop(find(shown, extent), extent) };
  };
}

/** From the last column on to the first one. */
function sortBeside(view: View, step: number, { hasDomains }: Extent): View {
  const orders = WATCH_ORDERS.filter((order) => hasDomains || order !== 'domain');
  const next = (orders.indexOf(view.order) + step + orders.length) % orders.length;
  return { ...view, order: orders[next] ?? view.order, isReversed: false, top: 0 };
}

function narrow(view: View, filter: string): View {
  return { ...view, filter: filter.slice(0, FILTER_CHARACTERS), top: 0 };
}
