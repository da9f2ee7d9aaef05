/**
 * A stable hash of what can be asked: call names, reach, and the JSON Schema of their inputs and outputs, event topics and
 * payloads. Two builds with the same hash understand each other. Loads the schema library's converter: servers only.
 */
import { z } from 'zod';
import type { ContractShape } from '../contract-types.ts';

const hashes = new WeakMap<ContractShape, string>();

/** 16 hex digits. Made once per contract (some 30 ms): ask for it after start-up, not during. */
export function contractHash(contract: ContractShape): string {
  const known = hashes.get(contract);
  if (known !== undefined) return known;
  const calls = Object.entries(contract.calls).map(([name, spec]) => [
    name,
    spec.reach,
    spec.access,
    jsonSchema(spec.input, 'input'),
    jsonSchema(spec.output, 'output'),
  ]);
  const events = Object.entries(contract.events).map(([topic, schema]) => [topic, jsonSchema(schema, 'output')]);
  const hash = hash64(canonical([calls.sort(byName), events.sort(byName)]));
  hashes.set(contract, hash);
  return hash;
}

/** JSON Schema (2020-12) of what is sent (`input`: defaults may be left out) or answered. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' });
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

/** FNV-1a, 64 bits in two halves. Tells builds apart; protects nothing. */
function hash64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
