import type { Facts, Words } from './words.ts';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'];
MONTHS.push('October', 'November', 'December');

export const ENGLISH: Words = {
  describeMoment: ({ day, month, year, time, zone }) => `${day} ${MONTHS[month]} ${year}, ${time} (${zone})`,
  letters: {
    grant: {
      subject: ({ domain }) => `Your access to ${domain}`,
      lines: (facts) => [
        'Hello,',
        '',
        'you have been granted access to the network below. This is your access code:',
        '',
        `    ${facts.code}`,
        '',
        'Anyone who has the code can use your access, so keep it to yourself. It',
        'belongs to the first device that uses it. For another device, ask the people',
        'who granted you the access.',
        '',
        ...describeLease(facts),
      ],
    },
    extend: {
      subject: ({ domain, end }) =>
        end === undefined ? `Your access to ${domain} no longer ends` : `Your access to ${domain} now ends on ${end}`,
      lines: (facts) => [
        'Hello,',
        '',
        'the end date of your access to the network below was changed. You do not',
        'have to do anything.',
        '',
        ...describeLease(facts),
      ],
    },
    remind: {
      subject: ({ domain, end }) => `Your access to ${domain} ends on ${end}`,
      lines: (facts) => [
        'Hello,',
        '',
        'your access to the network below has an end date. If you want to keep it,',
        'ask the people who granted it to you to extend it. Your access code stays',
        'the same.',
        '',
        ...describeLease(facts),
      ],
    },
  },
};

function describeLease({ domain, endpoint, end = 'no end date' }: Facts): string[] {
  return [
    `Network:  ${domain}`,
    `Gateway:  ${endpoint}`,
    `Ends:     ${end}`,
    '',
    'This message was sent by a program.',
  ];
}
