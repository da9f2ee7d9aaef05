/**
 * The handful of globals that shared code may use: each exists, with at least this shape, in Node, in Electron and in
 * the browser. Deliberately narrower than either environment's own types, and seen only when shared/ is checked by
 * itself. Node, DOM and console are not here on purpose.
 */

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean; signal?: AbortSignal }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

declare const AbortSignal: {
  abort(reason?: unknown): AbortSignal;
  any(signals: Iterable<AbortSignal>): AbortSignal;
  timeout(milliseconds: number): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare const AbortController: new () => AbortController;

/** What a timer function returns differs per environment: hold it as `ReturnType<typeof setTimeout>`, only to clear it. */
interface TimerHandle {
  readonly __timer: never;
}

declare function setTimeout(callback: () => void, delayMs?: number): TimerHandle;
declare function clearTimeout(handle: TimerHandle | undefined): void;

declare const performance: { now(): number };

declare const crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T };

declare const TextEncoder: new () => { encode(text?: string): Uint8Array<ArrayBuffer> };

declare const TextDecoder: new (
  label?: string,
  options?: { fatal?: boolean; ignoreBOM?: boolean },
) => { decode(bytes?: Uint8Array): string };
