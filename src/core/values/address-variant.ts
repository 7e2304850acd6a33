/** The three derivations in deployed router firmware; see docs/derived-address.md. */
export const ADDRESS_VARIANTS = ['eui64', 'ffmuc', 'gluon'] as const;
export type AddressVariant = (typeof ADDRESS_VARIANTS)[number];
