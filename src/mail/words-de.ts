import type { Facts, Words } from './words.ts';

const MONTHS = ['Januar', 'Februar', 'März', 'April', 'Mai', 'Juni', 'Juli', 'August', 'September'];
MONTHS.push('Oktober', 'November', 'Dezember');

export const GERMAN: Words = {
  describeMoment: ({ day, month, year, time, zone }) => `${day}. ${MONTHS[month]} ${year}, ${time} Uhr (${zone})`,
  letters: {
    grant: {
      subject: ({ domain }) => `Dein Zugang zu ${domain}`,
      lines: (facts) => [
        'Hallo,',
        '',
        'du hast einen Zugang zu dem unten genannten Netz bekommen. Das ist dein',
        'Zugangscode:',
        '',
        `    ${facts.code}`,
        '',
        'Wer den Code hat, kann deinen Zugang benutzen. Gib ihn also nicht weiter.',
        'Er gehört zu dem Gerät, das ihn als erstes verwendet. Für ein anderes Gerät',
        'frage bitte die Leute, von denen du den Zugang hast.',
        '',
        ...describeLease(facts),
      ],
    },
    extend: {
      subject: ({ domain, end }) =>
        end === undefined
          ? `Dein Zugang zu ${domain} endet nicht mehr`
          : `Dein Zugang zu ${domain} endet jetzt am ${end}`,
      lines: (facts) => [
        'Hallo,',
        '',
        'das Enddatum deines Zugangs zu dem unten genannten Netz wurde geändert. Du',
        'musst nichts tun.',
        '',
        ...describeLease(facts),
      ],
    },
    remind: {
      subject: ({ domain, end }) => `Dein Zugang zu ${domain} endet am ${end}`,
      lines: (facts) => [
        'Hallo,',
        '',
        'dein Zugang zu dem unten genannten Netz hat ein Enddatum. Wenn du ihn',
        'behalten möchtest, bitte die Leute, von denen du ihn hast, ihn zu',
        'verlängern. Dein Zugangscode bleibt derselbe.',
        '',
        ...describeLease(facts),
      ],
    },
  },
};

function describeLease({ domain, endpoint, end = 'kein Enddatum' }: Facts): string[] {
  return [
    `Netz:     ${domain}`,
    `Gateway:  ${endpoint}`,
    `Ende:     ${end}`,
    '',
    'Diese Nachricht wurde von einem Programm verschickt.',
  ];
}
