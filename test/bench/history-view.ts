/**
 * The built window with a long history in a real Chromium: from the first page in hand until it is painted, jumps to any
 * date, frames while scrolling. What is in the page is measured in the page (support/window-probe.ts).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { ensureBrowser } from '../setup-browser.ts';
import { root } from '../suites.ts';
import { until } from '../support/until.ts';
import { atMost, median, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { fillHistory } from './support/fill.ts';
import { startHost, tempDirectory } from './support/host.ts';
import { installProbe } from './support/window-probe.ts';
import type { Frames, Jump } from './support/window-probe.ts';

const ROWS = 100_000;
const DAY_MS = 86_400_000;

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  if (!existsSync(join(root, 'dist', 'renderer', 'index.html')))
    throw new Error('the window is not built: npm run build');
  const dataDir = tempDirectory();
  fillHistory(dataDir, ROWS);
  const host = await startHost(dataDir);
  const page = await openPage(host.launchUrl);
  const idle = await frames(page, quick ? 500 : 2_000, async () => undefined);
  const first: number[] = [];
  for (let time = 0; time < runs * (quick ? 1 : 3); time += 1) first.push(await firstPage(page));
  const jumps: Jump[] = [];
  for (let time = 0; time < runs * (quick ? 2 : 4); time += 1) jumps.push(await jump(page));
  const scrolled: Frames[] = [];
  for (let run = 0; run < runs; run += 1)
    scrolled.push(await frames(page, quick ? 1_000 : 3_000, (ms) => scroll(page, ms)));

  const gaps = scrolled.flatMap((one) => one.gaps);
  const slow = gaps.filter((gap) => gap > 50);
  const long = scrolled.flatMap((one) => one.longTasks);
  const worst = median(scrolled.map((one) => Math.max(0, ...one.gaps)));
  const idleWorst = Math.max(0, ...idle.gaps);
  const rowsMs = jumps.map((one) => one.rowsMs);
  const standing = jumps.map((one) => one.placeholdersFrame);
  return [
    atMost({
      measure: `history of ${ROWS.toLocaleString('en')}: first page in hand → painted`,
      of: 'median',
      atMost: 33,
      unit: 'ms',
      value: median(first),
      note: `p95 ${short(quantile(first, 0.95))} ms of ${String(first.length)}; from the message on the page’s socket until the frame with all its rows was shown`,
      numbers: { p95Ms: quantile(first, 0.95) },
    }),
    atMost({
      measure: 'jump to any date: placeholders or rows',
      of: 'median',
      atMost: 1,
      unit: 'frame',
      value: median(standing),
      note: `after ${short(median(jumps.map((one) => one.placeholdersMs)))} ms; at most frame ${String(Math.max(...standing))} of ${String(jumps.length)} jumps`,
      numbers: { worstFrame: Math.max(...standing) },
    }),
    atMost({
      measure: 'jump to any date: rows',
      of: 'median',
      atMost: 100,
      unit: 'ms',
      value: median(rowsMs),
      note: `p95 ${short(quantile(rowsMs, 0.95))} ms`,
      numbers: { p95Ms: quantile(rowsMs, 0.95) },
    }),
    atMost({
      measure: 'scrolling: longest frame',
      of: 'median of runs',
      atMost: 50,
      unit: 'ms',
      value: worst,
      note: `${String(slow.length)} of ${String(gaps.length)} frames over 50 ms; tasks of the page over 50 ms: ${String(long.length)}${long.length === 0 ? '' : ` (longest ${short(Math.max(...long))} ms)`}; p50 ${short(median(gaps))} ms, p99 ${short(quantile(gaps, 0.99))} ms; the same page standing still: longest frame ${short(idleWorst)} ms`,
      numbers: {
        framesOver50: slow.length,
        frames: gaps.length,
        longTasks: long.length,
        p99Ms: quantile(gaps, 0.99),
        idleWorstMs: idleWorst,
      },
    }),
  ];
}

async function openPage(launchUrl: string): Promise<Page> {
  const browser = await chromium.launch({
    executablePath: ensureBrowser(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  atEnd(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
  await page.addInitScript(installProbe);
  await page.goto(launchUrl);
  await page.waitForURL((url) => !url.pathname.startsWith('/launch'));
  await page.getByRole('main').getByRole('heading', { level: 1 }).first().waitFor();
  return page;
}

async function firstPage(page: Page): Promise<number> {
  await page.evaluate(() => {
    location.hash = 'queue';
  });
  await page.getByRole('grid', { name: 'Jobs that ended' }).waitFor({ state: 'detached' });
  await page.evaluate(() => {
    window.probe.forgetFirstPage();
    location.hash = 'history';
  });
  const took: number[] = [];
  await until(
    'the first page is painted',
    async () => {
      const ms = await page.evaluate(() => window.probe.firstPageMs());
      if (ms !== null) took.push(ms);
      return ms !== null;
    },
    20_000,
  );
  return median(took);
}

/** Through the menu, as a person does it. */
async function jump(page: Page): Promise<Jump> {
  const day = new Date(Date.now() - Math.floor((3 + Math.random() * 700) * DAY_MS)).toISOString().slice(0, 10);
  await page.getByRole('button', { name: 'Any time' }).click();
  await page.getByLabel('Go to a day').first().fill(day);
  const jumped = page.evaluate(() => window.probe.jump());
  await page.getByRole('button', { name: 'Go to a day' }).click();
  const answer = await jumped;
  await page.getByRole('button', { name: 'Go to a day' }).waitFor({ state: 'detached' });
  return answer;
}

async function frames(page: Page, ms: number, meanwhile: (ms: number) => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    window.probe.startFrames();
  });
  const over = performance.now() + ms;
  await meanwhile(ms);
  await sleep(Math.max(0, over - performance.now()));
  return await page.evaluate(() => window.probe.endFrames());
}

/** A wheel turned briskly. */
async function scroll(page: Page, ms: number): Promise<void> {
  await page.mouse.move(640, 500);
  const over = performance.now() + ms;
  while (performance.now() < over) {
    await page.mouse.wheel(0, 240);
    await sleep(12);
  }
}
