/**
 * Branded ids and how they are minted. Knows nothing of what the ids name.
 *
 * Ids are UUIDv7 (time-ordered), so `(position, id)` is a stable queue order. Remote keys are not minted here:
 * a Comfy prompt id is a random UUIDv4, a Swarm session id comes from its server.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type JobId = Branded<'JobId'>;
export type BatchId = Branded<'BatchId'>;
export type ServerId = Branded<'ServerId'>;
export type AttemptId = Branded<'AttemptId'>;
export type RequestId = Branded<'RequestId'>;
export type OutputId = Branded<'OutputId'>;
/** sha256 (hex) of a payload's canonical JSON. */
export type PayloadId = Branded<'PayloadId'>;

/** Fills an array with random bytes; `crypto.getRandomValues` unless a test gives its own. */
export type RandomBytes = (into: Uint8Array<ArrayBuffer>) => void;

const systemRandom: RandomBytes = (into) => {
  crypto.getRandomValues(into);
};

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function format(bytes: Uint8Array): string {
  let text = '';
  bytes.forEach((byte, index) => {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[byte] ?? '';
  });
  return text;
}

/** A random UUIDv4, lower case and hyphenated: the canonical form newer ComfyUI servers insist on (C1). */
export function uuidv4(random: RandomBytes = systemRandom): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

let lastMs = 0;
let sequence = 0;

/**
 * A UUIDv7 for `nowMs`. Ids minted by one process are strictly increasing, also within a millisecond and when the clock
 * jumps back: order of submission is order of id.
 */
export function uuidv7(nowMs: number = Date.now(), random: RandomBytes = systemRandom): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    sequence = 0;
  } else {
    sequence += 1;
    if (sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
    }
  }
  const bytes = new Uint8Array(16);
  random(bytes);
  let time = lastMs;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (sequence >> 8);
  bytes[7] = sequence & 0xff;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

export const newJobId = (): JobId => uuidv7() as JobId;
export const newBatchId = (): BatchId => uuidv7() as BatchId;
export const newServerId = (): ServerId => uuidv7() as ServerId;
export const newAttemptId = (): AttemptId => uuidv7() as AttemptId;
export const newRequestId = (): RequestId => uuidv7() as RequestId;
export const newOutputId = (): OutputId => uuidv7() as OutputId;
