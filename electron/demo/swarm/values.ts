/** Reading values of unknown shape: scalars as text, objects as objects. Knows nothing of the protocol. */
import type { JsonObject } from './types.ts';

/** Scalars as text; anything else is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
