/** The end of everything the shell opened: first what listens and shows, then what others talk to, the core last. */
import type { Core } from '../../core/core.ts';

const CORE_DEADLINE_MS = 3_000;
/** What it may take beyond that before the process goes all the same: nothing accepted is lost by it. */
const GRACE_MS = 500;

export async function closeAll(
  parts: readonly (Disposable | null)[],
  /** What may still be starting: it is waited for, or it would be there after the end. */
  talkers: { demo: Promise<AsyncDisposable> | null; service: Promise<{ close(): Promise<void> }> | null },
  core: Pick<Core, 'close'>,
): Promise<void> {
  for (const part of parts) part?.[Symbol.dispose]();
  const closed = (async () => {
    // First what others find us by. One that failed to start has told its own waiter.
    const [service] = await Promise.allSettled([talkers.service]);
    if (service.status === 'fulfilled') await service.value?.close();
    const [demo] = await Promise.allSettled([talkers.demo]);
    if (demo.status === 'fulfilled') await demo.value?.[Symbol.asyncDispose]();
    await core.close(CORE_DEADLINE_MS);
  })();
  await withinMs(closed, CORE_DEADLINE_MS + GRACE_MS);
}

async function withinMs(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
