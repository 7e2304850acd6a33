import * as z from 'zod';
import { type DomainName, type InterfaceName, isDomainName, isInterfaceName } from '../core/values/names.ts';

/** A number from `min` to `max`, both included. */
export const integer = (min: number, max: number) => z.int().min(min).max(max);
export const word = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), 'a text without NUL');
export const absolutePath = z
  .string()
  .refine((path) => path.startsWith('/') && !path.includes('\0'), 'an absolute path');
export const interfaceName = z.custom<InterfaceName>(
  (name) => typeof name === 'string' && isInterfaceName(name),
  'the name of an interface, 1 to 15 bytes',
);
export const domainName = z.custom<DomainName>(
  (name) => typeof name === 'string' && isDomainName(name),
  'a lower-case name such as "ffww01"',
);
