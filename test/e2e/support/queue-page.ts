/** What the window specs say of the queue, in one place: rows by title, the question, jobs with titles. No waiting by the clock. */
import type { Locator, Page } from '@playwright/test';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import type { ComfyGraph } from '../../../shared/workflow/graph.ts';
import type { WindowHost } from '../../support/window-host.ts';

export const rowOf = (page: Page, title: string): Locator => page.getByTestId('job-row').filter({ hasText: title });
export const foreignRows = (page: Page): Locator => page.getByTestId('foreign-row');
export const question = (page: Page): Locator => page.getByRole('alertdialog');
export const announcer = (page: Page): Locator => page.getByTestId('announcer');

/**
 * Resolves once the row of this title has said this, however briefly. Called before what makes it say so: a row that ended
 * stays for three seconds, and on a busy machine a look from outside comes later than that.
 */
export function willSay(page: Page, title: string, words: RegExp): Promise<void> {
  const said = page.evaluate(
    ({ name, source }) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const rows = [...document.querySelectorAll('[data-testid="job-row"]')].map((row) => row.textContent);
          if (!rows.some((text) => text.includes(name) && new RegExp(source).test(text))) return;
          observer.disconnect();
          resolve();
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true });
        look();
        setTimeout(() => {
          observer.disconnect();
          reject(new Error(`the row of ${name} never said ${source}`));
        }, 120_000);
      }),
    { name: title, source: words.source },
  );
  // A test that fails before it waits for this has said why already.
  said.catch(() => undefined);
  return said;
}

/** Submits jobs with titles of their own; answers them in order. */
export async function submitTitled(
  host: WindowHost,
  serverId: ServerId | null,
  titles: readonly string[],
  graph: () => ComfyGraph,
): Promise<JobView[]> {
  const all: JobView[] = [];
  for (const title of titles) {
    const { jobs } = await host.core.call('jobs.submit', {
      payload: { kind: 'comfy', graph: graph() },
      serverId,
      title,
      jobs: [{ title }],
    });
    all.push(...jobs);
  }
  return all;
}

/** Titles of the rows in sight, from top to bottom. */
export async function titlesInOrder(page: Page): Promise<string[]> {
  const rows = await page.getByTestId('job-row').evaluateAll((elements) =>
    elements
      .map((element) => ({
        top: element.getBoundingClientRect().top,
        text: element.querySelector('[role="rowheader"] [dir="auto"]')?.textContent ?? '',
      }))
      .sort((a, b) => a.top - b.top),
  );
  return rows.map((row) => row.text);
}

export const idAt = (jobs: readonly JobView[], index: number): JobId => {
  const job = jobs[index];
  if (job === undefined) throw new Error(`no job ${index}`);
  return job.id;
};
