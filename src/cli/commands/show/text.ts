import type { JournalEntry } from '../../../core/host/journal.ts';
import { ROUTER_WORDS } from '../../../core/operator/router-query.ts';
import type { Derivation } from '../../../core/values/derived-address.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { escapeUnshowable } from '../../../core/values/quote.ts';
import { JOURNAL_DAYS } from '../../../system/host/journal.ts';
import type { Answer, Membership, RouterReading } from '../../gateway/router.ts';
import { cutToCells } from '../../terminal/cells.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold, formatTime } from '../../terminal/words.ts';
import { explainAbsence } from '../../views/absence.ts';
import { renderMembership } from '../../views/membership.ts';

const ASKED_CHARACTERS = 64;
const MESSAGE_CHARACTERS = 300;
const MARGIN = '  ';

/** Blocks of lines, separated by empty lines. */
export function renderAnswer(answer: Answer, terminal: Terminal): string[] {
  const { routers, journal } = answer;
  const blocks =
    routers.length === 0
      ? [
          explainNobody(answer)
            .flatMap((sentence) => fold(sentence, terminal.width, ''))
            .map((line) => terminal.paint('bad', line)),
        ]
      : routers.flatMap((router) => renderRouter(router, answer, terminal));
  const last = journal === undefined ? [] : [renderJournal(journal, terminal)];
  return [...blocks, ...last].flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function explainNobody({ asked, query, readings, isOwn }: Answer): string[] {
  if (isOwn) return ['It is an address of this gateway.'];
  const domains = readings.map(({ domain }) => domain.name).join(', ');
  const what = escapeUnshowable(asked, ASKED_CHARACTERS);
  if (query.kind === 'name') return [`No router has "${what}" in its name.`, `Expected ${ROUTER_WORDS}.`];
  if (query.kind !== 'beginning') return [`No router in ${domains} has ${what}.`];
  return [`No key in ${domains} begins with ${what}, and no name contains it.`, `Expected ${ROUTER_WORDS}.`];
}

function renderRouter(
  { key, name, memberships, derivations }: RouterReading,
  answer: Answer,
  terminal: Terminal,
): string[][] {
  const present = memberships.filter(({ listed }) => listed !== undefined);
  // If it is a peer somewhere, its absence elsewhere matters only if something keeps it out, or if it has a claim.
  const absent = memberships.filter(
    ({ listed, obstacles, claim, lease }) =>
      listed === undefined &&
      (present.length === 0 || obstacles.length > 0 || claim !== undefined || lease !== undefined),
  );
  return [
    [key, ...(name === undefined ? [] : [cutToCells(name, terminal.width)])].map((line) =>
      terminal.paint('strong', line),
    ),
    ...present.map((membership) => renderMembership(membership, answer, terminal)),
    ...absent.map((membership) => renderAbsence(key, membership, answer, terminal)),
    renderTable(derivations, buildColumns(memberships), terminal),
  ];
}

function renderAbsence(key: PublicKey, membership: Membership, answer: Answer, terminal: Terminal): string[] {
  const { paint, width } = terminal;
  const reasons = explainAbsence(key, membership, answer.config);
  const lines = reasons.flatMap((reason) => fold(`${MARGIN}${reason}`, width, MARGIN.repeat(2)));
  return [`${paint('strong', membership.reading.domain.name)}  ${paint('bad', 'not there')}`, ...lines];
}

/** The derivations, with the domains that use each. */
function buildColumns(memberships: readonly Membership[]): Column<Derivation>[] {
  const users = ({ variant }: Derivation) =>
    memberships
      .map(({ reading }) => reading.domain)
      .filter(({ address, leased }) => address === variant && leased === undefined)
      .map(({ name }) => name);
  return [
    { title: 'DERIVATION', forms: [({ variant }) => variant] },
    { title: 'MAC ADDRESS', forms: [({ mac }) => mac] },
    { title: 'ADDRESS', forms: [({ address }) => address] },
    { title: 'USED BY', forms: [(derivation) => users(derivation).join(', ') || '-'], atLeast: 7 },
  ];
}

function renderJournal(journal: readonly JournalEntry[] | Error, { paint, width }: Terminal): string[] {
  if (journal instanceof Error) return [paint('notice', journal.message)];
  if (journal.length === 0) return [`The journal of the last ${JOURNAL_DAYS} days does not mention it.`];
  const lines = journal.flatMap(({ time, message }) =>
    fold(`${MARGIN}${formatTime(time)}  ${escapeUnshowable(message, MESSAGE_CHARACTERS)}`, width, MARGIN.repeat(2)),
  );
  return [paint('faint', `From the journal of the last ${JOURNAL_DAYS} days, latest first:`), ...lines];
}
