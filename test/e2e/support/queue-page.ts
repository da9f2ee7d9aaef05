/** What the window specs say of the queue, in one place: rows by title, the question, jobs with titles. No waiting by the clock. */
import type { Locator, Page } from '@playwright/test';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { ComfyGraph, JobView } from '../../../shared/job.ts';
import type { WindowHost } from '../../support/window-host.ts';

export const rowOf = (page: Page, title: string): Locator => page.getByTestId('job-row').filter({ hasText: title });
export const foreignRows = (page: Page): Locator => page.getByTestId('foreign-row');
export const question = (page: Page): Locator => page.getByRole('alertdialog');
export const announcer = (page: Page): Locator => page.getByTestId('announcer');

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

/** A node that never looks for an interrupt, then one that ends the prompt. */
export const stubbornGraph = (ms: number): ComfyGraph => ({
  '1': { class_type: 'ProbeBlock', inputs: { ms, seed: Math.floor(Math.random() * 2_000_000_000) } },
  '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
});
