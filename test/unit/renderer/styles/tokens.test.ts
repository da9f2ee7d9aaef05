/** Every colour pair of the tokens that carries text or the edge of a control keeps its contrast, in both themes (WCAG 1.4.3, 1.4.11). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../../../renderer/styles/tokens.css', import.meta.url), 'utf8');

function tokensOf(selector: string): Map<string, string> {
  const block = /\{([^}]*)\}/.exec(css.slice(css.indexOf(selector)))?.[1] ?? '';
  return new Map(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name = '', value = '']) => [name, value]),
  );
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const SURFACES = ['bg', 'surface', 'raised', 'hover', 'selected'];

describe.each([
  ['light', "[data-theme='light']"],
  ['dark', "[data-theme='dark']"],
])('%s', (_, selector) => {
  const tokens = tokensOf(selector);
  const value = (name: string): string => tokens.get(name) ?? '';

  test.each(
    ['text', 'text-2', 'text-3', 'go', 'hold', 'stop'].flatMap((ink) =>
      SURFACES.map((ground) => [ink, ground] as const),
    ),
  )('%s on %s is text: 4.5 to 1', (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(['line-strong', 'track', 'focus'].flatMap((ink) => SURFACES.map((ground) => [ink, ground] as const)))(
    '%s on %s is an edge: 3 to 1',
    (ink, ground) => {
      expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(3);
    },
  );

  test('the confirming button', () => {
    expect(contrast(value('on-stop'), value('stop-fill'))).toBeGreaterThanOrEqual(4.5);
  });

  test('greys have no hue', () => {
    for (const name of [...SURFACES, 'line', 'line-strong', 'text', 'text-2', 'text-3', 'track']) {
      expect(value(name)).toMatch(/^#(..)\1\1$/);
    }
  });
});
